/** What an app tells the checks, and when they let its work go on. */
export const tell = (event) => process.connected && process.send(event);

const doors = new Map();

function doorOf(name) {
  if (!doors.has(name)) {
    const door = {};
    door.opened = new Promise((resolve) => (door.open = resolve));
    doors.set(name, door);
  }
  return doors.get(name);
}

process.on('message', ({ open, sync }) => {
  if (open !== undefined) doorOf(open).open();
  if (sync !== undefined) tell({ event: 'synced', name: sync });
});

/** Work under a lock: it is done when the checks say so, for whoever comes later too. */
export async function work(name) {
  tell({ event: 'entered', name });
  await doorOf(name).opened;
  tell({ event: 'finished', name });
  return { worked: name };
}
