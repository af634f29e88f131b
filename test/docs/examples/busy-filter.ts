import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { LockNotAcquiredError } from 'nestjs-redis-lock';

@Catch(LockNotAcquiredError)
export class BusyFilter implements ExceptionFilter {
  catch(error: LockNotAcquiredError, host: ArgumentsHost) {
    const response = host.switchToHttp().getResponse<ServerResponse>();
    response.writeHead(423).end(`locked, waited ${error.waitedMs} ms`);
  }
}
