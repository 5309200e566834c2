/**
 * docs/handshake.md and docs/teardown.md: text written by hand, between blocks that are written here.
 *
 *   ```yaml FILE PART      the scenario, or the tuning PART, of config/stories/FILE.yaml
 *   ```console             its first line is a command; below it stands what the command prints
 *
 * Invariants  What stands between the blocks is left as it is, and so are blocks of other kinds. Filling twice is filling once.
 */

export interface StorySources {
  /** What a command prints on standard output. */
  readonly print: (command: string) => Promise<string>;
  /** The text of a file of stories. */
  readonly story: (file: string) => string;
}

const BLOCK = /^```(yaml \S+ \S+|console)\n([\s\S]*?)^```$/gm;

export async function filledStory(page: string, { print, story }: StorySources): Promise<string> {
  const contentOf = async (info: string, content: string): Promise<string> => {
    const [, file = "", part = ""] = info.split(" ");
    if (file !== "") return partOf(story(file), part);
    const [command = ""] = content.split("\n");
    return `${command}\n${await print(command.replace(/^\$ /, ""))}`;
  };
  const blocks = [...page.matchAll(BLOCK)];
  const contents = await Promise.all(blocks.map(([, info = "", content = ""]) => contentOf(info, content)));
  let next = 0;
  return page.replace(BLOCK, (_, info: string) => `\`\`\`${info}\n${contents[next++]?.trimEnd() ?? ""}\n\`\`\``);
}

/** The lines of a key, `scenario` at the top or a tuning's, with what is below it, moved to the left. */
export function partOf(text: string, part: string): string {
  const indent = part === "scenario" ? "" : "  ";
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.startsWith(`${indent}${part}:`));
  if (first < 0) throw new Error(`no ${part} there`);
  const isBelow = (line: string): boolean => line.startsWith(`${indent}  `);
  const length = lines.slice(first + 1).findIndex((line) => !isBelow(line));
  const found = lines.slice(first, length < 0 ? undefined : first + 1 + length);
  return found.map((line) => line.slice(indent.length)).join("\n");
}
