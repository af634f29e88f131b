// The way to the parent, which keeps the register and the history. A worker ends with it.
process.on('disconnect', () => process.exit());

const pending = new Map();
const handlers = { ack: ({ id, isAccepted }) => settle(id, isAccepted) };
let asked = 0;

process.on('message', (message) => handlers[message.type](message));

function settle(id, isAccepted) {
  pending.get(id)(isAccepted);
  pending.delete(id);
}

export function tell(message) {
  if (process.connected) process.send(message);
}

/** Whether the register accepts the write. */
export function write(message) {
  asked += 1;
  const id = asked;
  return new Promise((resolve) => {
    pending.set(id, resolve);
    tell({ type: 'write', id, ...message });
  });
}

export function on(type, handler) {
  handlers[type] = handler;
}
