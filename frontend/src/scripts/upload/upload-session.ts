/** An upload in parts that has begun: what is needed to go on with it in another tab. */
export interface UploadSession {
  key: string;
  uploadId: string;
  /** The address of the page that waits for the job. */
  waiting: string;
  /** When it began, in milliseconds since 1970. */
  at: number;
}

/** Milliseconds after which a session is not resumed: the storage drops uploads that are not completed within a day. */
export const RESUMED_WITHIN = 22 * 3600 * 1000;

/** The name under which the browser keeps the session of a file. */
export const sessionName = (file: File): string => `gas-upload:${file.name}:${file.size}:${file.lastModified}`;

/** The session that was saved under a name; null for none, or one that is too old. */
export function savedSession(name: string): UploadSession | null {
  try {
    const session = JSON.parse(localStorage.getItem(name) ?? "null") as UploadSession | null;
    return session !== null && Date.now() - session.at < RESUMED_WITHIN ? session : null;
  } catch {
    return null; // storage is disabled, or holds something else
  }
}

export function saveSession(name: string, session: UploadSession): void {
  try {
    localStorage.setItem(name, JSON.stringify(session));
  } catch {
    console.info("storage is disabled: an upload cannot be resumed in another tab");
  }
}

export function removeSession(name: string): void {
  try {
    localStorage.removeItem(name);
  } catch {
    console.info("storage is disabled");
  }
}
