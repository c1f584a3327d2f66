import type { Contender } from '../lib/contender.ts'
import { postgres } from '../servers/postgres.ts'
import { rabbitmq } from '../servers/rabbitmq.ts'
import { redis } from '../servers/redis.ts'

const PORTLINE = 'portline/contender.ts'
const LIMITS = 'contenders/limits.ts'
const BULLMQ = { program: 'contenders/express-bullmq.mjs', server: redis, durable: true, takesBacklog: true } as const
const PG_BOSS = { program: 'contenders/fastify-pg-boss.mjs', server: postgres, durable: true } as const
const RABBITMQ = { program: 'contenders/express-rabbitmq.mjs', server: rabbitmq, durable: true, forgetsHandled: true } as const
const GRAPHILE = {
  program: 'contenders/express-graphile.mjs', server: postgres, durable: true, forgetsHandled: true, lanes: true, takesBacklog: true,
} as const

/** What all ratios are relative to. */
export const REFERENCE: Contender = {
  name: 'portline', label: 'Portline, handlers running', program: PORTLINE, handlers: 'noop', durable: true,
  lanes: true, takesBacklog: true,
}

export const CONTENDERS: readonly Contender[] = [
  { name: 'http', label: 'node:http, body read, nothing kept', program: LIMITS, variant: 'body', handlers: 'none', durable: false },
  { name: 'decode', label: 'the same, decoded', program: LIMITS, variant: 'decode', handlers: 'none', durable: false },
  { name: 'file', label: 'node:http, body appended to a synced file', program: LIMITS, variant: 'file', handlers: 'none', durable: true },
  REFERENCE,
  { name: 'portline-absent', label: 'Portline, no handler for the event', program: PORTLINE, handlers: 'absent', durable: true },
  { name: 'portline-receive', label: 'Portline, receiving alone', program: PORTLINE, handlers: 'none', durable: true },
  { name: 'sqlite', label: 'Express + qs + SQLite', program: 'contenders/express-sqlite.mjs', handlers: 'none', durable: true },
  { name: 'bullmq', label: 'Express + BullMQ (Redis)', handlers: 'none', ...BULLMQ },
  { name: 'bullmq+worker', label: 'Express + BullMQ (Redis), worker running', handlers: 'noop', ...BULLMQ },
  { name: 'pg-boss', label: 'Fastify + pg-boss (PostgreSQL)', handlers: 'none', ...PG_BOSS },
  { name: 'pg-boss+worker', label: 'Fastify + pg-boss (PostgreSQL), worker running', handlers: 'noop', ...PG_BOSS },
  { name: 'rabbitmq', label: 'Express + RabbitMQ confirms', handlers: 'none', ...RABBITMQ },
  { name: 'rabbitmq+worker', label: 'Express + RabbitMQ confirms, consumer running', handlers: 'noop', ...RABBITMQ },
  { name: 'graphile', label: 'Express + graphile-worker (PostgreSQL)', handlers: 'none', ...GRAPHILE },
  { name: 'graphile+worker', label: 'Express + graphile-worker (PostgreSQL), worker running', handlers: 'noop', ...GRAPHILE },
  {
    name: 'graphile+batches', label: 'Express + graphile-worker (PostgreSQL), worker running in batches', variant: 'batched', handlers: 'noop',
    ...GRAPHILE,
  },
]
