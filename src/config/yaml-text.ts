/** Plain data → YAML that people read: long lines stay whole, nothing is an alias. */
import { stringify } from "yaml";

export const yamlText = (data: unknown): string => stringify(data, { lineWidth: 0, aliasDuplicateObjects: false });
