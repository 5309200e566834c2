/** Colours for the canvas. page.css has them as custom properties that depend on the theme; a canvas wants what they come to. */

const known = new Map<string, string>();
const probe = document.createElement("i");
probe.hidden = true;
document.body.append(probe);

/** "--tuning-1" → "rgb(0, 114, 178)". */
export function colourOf(property: string): string {
  const found = known.get(property);
  if (found !== undefined) return found;
  probe.style.color = `var(${property})`;
  const colour = getComputedStyle(probe).color;
  known.set(property, colour);
  return colour;
}

/** After the theme changed. */
export const forgetColours = (): void => known.clear();
