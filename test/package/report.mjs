/** One line a check, and the count of both kinds. */
export class Report {
  passed = 0;
  failed = 0;

  /** Runs one check. What it throws is its failure, and is printed. Returns what it returned, `undefined` when it failed. */
  async check(name, body) {
    try {
      const result = await body();
      this.pass(name);
      return result;
    } catch (error) {
      this.fail(name, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Checks that an app made itself, as `checksOf()` gives them. */
  all(title, checks) {
    for (const { name, failure } of checks) {
      if (failure === undefined) this.pass(`${title}: ${name}`);
      else this.fail(`${title}: ${name}`, failure);
    }
  }

  pass(name) {
    this.passed += 1;
    console.log(`ok   ${name}`);
  }

  fail(name, reason) {
    this.failed += 1;
    console.log(`FAIL ${name}\n     ${reason.trim().replaceAll('\n', '\n     ')}`);
  }

  get summary() {
    return `${this.passed} passed, ${this.failed} failed`;
  }
}
