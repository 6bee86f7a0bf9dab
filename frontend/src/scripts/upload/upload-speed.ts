import { formatBytes, formatDuration } from "../format";

/** Seconds over which the speed is averaged: long enough to be steady, short enough to follow a changing connection. */
const WINDOW = 8;

/** Describes the progress of an upload: bytes sent, speed over the last seconds, time left. */
export class UploadSpeed {
  private marks: { at: number; loaded: number }[] = [];
  private most = 0;

  /** @param now - a clock, in seconds */
  constructor(private readonly now: () => number = () => performance.now() / 1000) {}

  /** Begins to measure again, as after a pause. */
  restart(): void {
    this.marks = [];
  }

  /**
   * The line for a progress bar at `loaded` of `total` bytes.
   *
   * Bytes of a part that was broken off are sent again: the line never counts backwards, and the speed is measured from there.
   */
  line(loaded: number, total: number): string {
    const at = this.now();
    if (loaded < (this.marks.at(-1)?.loaded ?? 0)) this.restart();
    this.most = Math.max(this.most, loaded);
    this.marks.push({ at, loaded });
    while (this.marks.length > 2 && at - (this.marks[1]?.at ?? at) > WINDOW) this.marks.shift();
    const first = this.marks[0];
    const seconds = first === undefined ? 0 : at - first.at;
    const line = `${formatBytes(this.most)} of ${formatBytes(total)}`;
    if (first === undefined || seconds < 0.5) return line;
    const speed = (loaded - first.loaded) / seconds;
    if (speed <= 0) return `${line}. Waiting for connection…`;
    const left = loaded < total ? `, ${formatDuration((total - loaded) / speed)} left` : "";
    return `${line} at ${formatBytes(speed)}/s${left}`;
  }
}
