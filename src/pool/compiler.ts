/**
 * Compiler: V8's background compilation, which must be at rest when a thread ends.
 *
 * Node 20 takes leave of a thread's heap before V8 has stopped compiling for it; a compilation that then asks for a garbage collection aborts the whole
 * process (`NodePlatform::ForIsolate`, node_platform.cc). So the program says that nothing new is compiled in the background (`pauseCompiler`), and the thread
 * waits for what is under way (`awaitCompiler`), before it ends.
 */
import { Session } from "node:inspector";
import { setFlagsFromString } from "node:v8";

let pauses = 0;

/** From now on code is compiled in the foreground, by all threads of the process, until all who asked for it have called what they got. */
export function pauseCompiler(): () => void {
  if (pauses++ === 0) setFlagsFromString("--no-concurrent-recompilation");
  return () => {
    if (--pauses === 0) setFlagsFromString("--concurrent-recompilation");
  };
}

/**
 * Comes back when nothing is compiled in the background for this thread, which should end then. V8 has no word for it, but has to wait for its compiler
 * before it counts calls (`Coverage::SelectMode`, `Deoptimizer::DeoptimizeAll`).
 */
export function awaitCompiler(): void {
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true });
  session.disconnect();
}
