/** Whose lock it is, by what its key holds: `host:pid:instance#counter`. */
export const ownerPid = (value) => Number(/^[^:]+:(\d+):/.exec(value ?? '')?.[1]);
