/** What the locks protect: it remembers the greatest fencing token of each key and refuses smaller ones. */
export class Register {
  refused = 0;
  #greatest = new Map();

  /** Whether the write is accepted, for all keys or none. */
  write(keys, token) {
    if (keys.some((key) => token < (this.#greatest.get(key) ?? 0))) {
      this.refused += 1;
      return false;
    }
    for (const key of keys) this.#greatest.set(key, token);
    return true;
  }
}
