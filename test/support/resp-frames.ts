/** Cuts a stream of the Redis protocol into its frames: whole requests, or whole replies. Bytes are the characters of latin1. */
export class RespFrames {
  #rest = '';

  /** The frames that are complete with this chunk. */
  push(chunk: Buffer): string[] {
    this.#rest += chunk.toString('latin1');
    const frames: string[] = [];
    let start = 0;
    for (let end = endOf(this.#rest, start); end !== -1; end = endOf(this.#rest, start)) {
      frames.push(this.#rest.slice(start, end));
      start = end;
    }
    this.#rest = this.#rest.slice(start);
    return frames;
  }
}

/** Where the frame at `start` ends, -1 when it is not complete. Source: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function endOf(text: string, start: number): number {
  const eol = text.indexOf('\r\n', start);
  if (eol === -1) return -1;
  const size = Number(text.slice(start + 1, eol));
  const body = eol + 2;
  switch (text.charAt(start)) {
    case '$':
    case '=':
    case '!':
      if (size < 0) return body;
      return body + size + 2 <= text.length ? body + size + 2 : -1;
    case '*':
    case '~':
    case '>':
      return endOfAll(text, body, size);
    case '%':
      return endOfAll(text, body, size * 2);
    default:
      return body;
  }
}

function endOfAll(text: string, start: number, count: number): number {
  let end = start;
  for (let left = count; left > 0 && end !== -1; left -= 1) end = endOf(text, end);
  return end;
}
