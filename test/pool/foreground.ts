import { pauseCompiler } from "../../src/pool/compiler.ts";

/** For files that end threads of their own process in the midst of their work: threads made after this compile in the foreground. */
export function compileInForeground(): void {
  pauseCompiler();
}
