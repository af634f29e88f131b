/** What stands in a `Fifo`: the links are its own, and not to be touched. */
export interface FifoLinks<T> {
  previous: T | undefined;
  next: T | undefined;
}

/** A queue whose members carry their links: to join, and to leave from anywhere, costs no allocation and no search. */
export class Fifo<T extends FifoLinks<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get first(): T | undefined {
    return this.#first;
  }

  get last(): T | undefined {
    return this.#last;
  }

  get size(): number {
    return this.#size;
  }

  /** At its end, or behind another member. */
  add(member: T, behind = this.#last): void {
    const next = behind?.next;
    member.previous = behind;
    member.next = next;
    if (behind === undefined) this.#first = member;
    else behind.next = member;
    if (next === undefined) this.#last = member;
    else next.previous = member;
    this.#size += 1;
  }

  /** Takes out a member that is in it. */
  remove(member: T): void {
    const { previous, next } = member;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    member.previous = member.next = undefined;
    this.#size -= 1;
  }

  /** A copy of it, which is safe from what happens to it meanwhile. */
  toArray(): T[] {
    const members: T[] = [];
    for (let member = this.#first; member !== undefined; member = member.next) members.push(member);
    return members;
  }
}
