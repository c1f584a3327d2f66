import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import type { AppDefinition, ConnectorDefinition, DuplicateMode } from '../define-app.ts'
import type { Destination } from './destination.ts'
import { httpEndpoint } from './http-endpoint.ts'
import { rabbitMq } from './rabbitmq.ts'

/** An app without code of its own: every event it wants goes to one destination. */
export interface AppFile {
  /** For defineApp(), which checks it. */
  readonly definition: AppDefinition
  /** Event codes, upper case, each once. */
  readonly events: readonly string[]
  readonly destination: Destination
}

const httpSchema = z.strictObject({
  url: z.string(),
  /** Names of environment variables: secrets are not for files that are checked in. */
  secretEnv: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
  timeoutMs: z.number().optional(),
  connections: z.number().optional(),
  allowPrivate: z.array(z.string()).optional(),
})

const rabbitMqSchema = z.strictObject({
  urlEnv: z.string().min(1),
  exchange: z.string(),
  declare: z.enum(['direct', 'fanout', 'headers', 'topic']).optional(),
  routingKey: z.string().optional(),
  timeoutMs: z.number().optional(),
})

const fileSchema = z.strictObject({
  name: z.string(),
  events: z.array(z.string().regex(/^[A-Za-z0-9_.]{1,100}$/, 'is no event code')).min(1),
  /** defineApp() looks inside. */
  connectors: z.array(z.custom<ConnectorDefinition>()).optional(),
  duplicates: z.custom<DuplicateMode>().optional(),
  duplicateWindowMs: z.number().optional(),
  destination: z.strictObject({ http: httpSchema.optional(), rabbitMq: rabbitMqSchema.optional() }),
})

/** Reads app.json. Errors: APP_FILE_INVALID, DESTINATION_INVALID, both with what is wrong. */
export function parseAppFile(text: string, env: Readonly<Record<string, string | undefined>>): AppFile {
  const checked = fileSchema.safeParse(jsonOf(text))
  if (!checked.success) throw invalid(z.prettifyError(checked.error))
  const { name, events, connectors, duplicates, duplicateWindowMs, destination } = checked.data
  const read: Read = (variable) => {
    const value = env[variable]?.trim() ?? ''
    if (value === '') throw invalid(`the environment variable ${variable} is not set`)
    return value
  }
  return {
    definition: {
      name,
      ...(connectors === undefined ? {} : { connectors }),
      ...(duplicates === undefined ? {} : { duplicates }),
      ...(duplicateWindowMs === undefined ? {} : { duplicateWindowMs }),
    },
    events: [...new Set(events.map((code) => code.toUpperCase()))],
    destination: destinationOf(destination, read),
  }
}

type Read = (variable: string) => string

function destinationOf({ http, rabbitMq: broker }: z.infer<typeof fileSchema>['destination'], read: Read): Destination {
  if (http !== undefined && broker === undefined) return httpOf(http, read)
  if (broker !== undefined && http === undefined) return rabbitMqOf(broker, read)
  throw invalid('destination: must have either http or rabbitMq')
}

function httpOf(options: z.infer<typeof httpSchema>, read: Read): Destination {
  const { url, secretEnv, timeoutMs, connections, allowPrivate } = options
  return httpEndpoint({
    url,
    secret: [secretEnv].flat().map(read),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(connections === undefined ? {} : { connections }),
    ...(allowPrivate === undefined ? {} : { allowPrivate }),
  })
}

function rabbitMqOf(options: z.infer<typeof rabbitMqSchema>, read: Read): Destination {
  const { urlEnv, exchange, declare, routingKey, timeoutMs } = options
  return rabbitMq({
    url: read(urlEnv),
    exchange,
    ...(declare === undefined ? {} : { declare }),
    ...(routingKey === undefined ? {} : { routingKey }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'it is no JSON')
  }
}

function invalid(problem: string): CodedError {
  return new CodedError('APP_FILE_INVALID', problem)
}
