import { amount, duration } from "../amounts";

/** Seconds over which the speed is taken: long enough to be calm, short enough to follow a changing connection. */
const WINDOW = 8;

/** Tells how an upload goes on: bytes, speed of the last seconds, time left. */
export class Speedometer {
  private readonly marks: { at: number; loaded: number }[] = [];

  constructor(private readonly now: () => number = () => performance.now() / 1000) {}

  /** The line for a progress bar at `loaded` of `total` bytes. */
  line(loaded: number, total: number): string {
    const at = this.now();
    this.marks.push({ at, loaded });
    while (this.marks.length > 2 && at - (this.marks[1]?.at ?? at) > WINDOW) this.marks.shift();
    const first = this.marks[0];
    const seconds = first === undefined ? 0 : at - first.at;
    const line = `${amount(loaded)} of ${amount(total)}`;
    if (first === undefined || seconds < 0.5) return line;
    const speed = (loaded - first.loaded) / seconds;
    if (speed <= 0) return `${line}, waiting for the connection`;
    const left = loaded < total ? `, ${duration((total - loaded) / speed)} left` : "";
    return `${line} at ${amount(speed)}/s${left}`;
  }
}
