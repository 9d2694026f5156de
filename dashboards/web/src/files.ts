/** Files that the staff API answers with, and how they come to be saved. */
import { ApiError, type Refusal, session } from "./api";

/** Asks for a file. Fails as every request does, with the server's stable code. */
export async function fetchFile(path: string, body: unknown): Promise<Blob> {
  const csrf = session.peek()?.csrf ?? "";
  const headers = { "content-type": "application/json", "x-sanaq-csrf": csrf };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => {
    throw new ApiError("network", 0);
  });
  if (response.ok) return response.blob();
  const { code = "unknown" } = (await response.json().catch(() => ({}))) as Partial<Refusal>;
  if (response.status === 401 && code === "signed_out") session.value = null;
  throw new ApiError(code, response.status);
}

export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(address));
}
