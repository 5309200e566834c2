// A thread of paced runs that is ended when it has told something.
import { PacedThread } from "../../dist/pool/paced.js";

const told = await new Promise((resolve) => {
  const thread = new PacedThread({ onMoment: () => resolve(thread), onRestart: (error) => console.error(error) });
  thread.start({ name: "none", specs: [], scale: 1, timetable: [], periodNs: 0 });
});
await told.close();
