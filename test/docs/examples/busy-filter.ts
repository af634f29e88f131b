import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { LockNotAcquiredError } from 'nestjs-redis-lock';

/** What the responses of Express and Fastify have in common. */
interface Response {
  status(code: number): { send(body: string): void };
}

@Catch(LockNotAcquiredError)
export class BusyFilter implements ExceptionFilter {
  catch(error: LockNotAcquiredError, host: ArgumentsHost) {
    host.switchToHttp().getResponse<Response>().status(423).send(`locked, waited ${error.waitedMs} ms`);
  }
}
