/** A stream of events that stays open. */
export interface EventStream<T> {
  /** What has come so far. */
  readonly events: readonly T[];
  close(): void;
}

/** Opens the stream at `url`; resolves with the answer's headers, before the first event. */
export async function openEvents<T>(url: string): Promise<EventStream<T>> {
  const abort = new AbortController();
  const answer = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: abort.signal });
  const events: T[] = [];
  collect(answer, events).catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  return { events, close: () => abort.abort() };
}

async function collect<T>(answer: Response, events: T[]): Promise<void> {
  let rest = '';
  for await (const text of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data !== undefined) events.push(JSON.parse(data) as T);
    }
  }
}
