/** Tables of text: columns two spaces apart, numbers to the right. */

/** `right`: columns of numbers are always to the right; "after the first" puts all but the first there. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  { right = "numbers" }: { readonly right?: "numbers" | "after the first" } = {},
): string {
  const cells = [header, ...rows.map((row) => row.map(String))];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const isRight = header.map((_, column) =>
    right === "numbers" ? rows.length > 0 && rows.every((row) => typeof row[column] === "number") : column > 0,
  );
  return cells
    .map((row) => {
      const padded = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        return isRight[column] ? cell.padStart(width) : cell.padEnd(width);
      });
      return `${padded.join("  ").trimEnd()}\n`;
    })
    .join("");
}
