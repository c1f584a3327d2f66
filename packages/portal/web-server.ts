import type { FastifyInstance } from 'fastify'
import { listen, originOf } from './http-server.ts'
import type { Doors } from './portal/doors.ts'

/** A portal's web server, there from the start or from its first connection on. */
export interface WebServer {
  /** ADDRESS_IN_USE. @returns the origin */
  open(host: string, port: number): Promise<string>
  close(): Promise<void>
}

export interface WebServerParts {
  readonly doors: Doors
  /** All routes added. */
  readonly build: () => FastifyInstance
  readonly secure: boolean
  /** Build it at the first connection: of a thousand portals most are never called. */
  readonly late: boolean
}

export function createWebServer({ doors, build, secure, late }: WebServerParts): WebServer {
  let server = late ? undefined : build()
  return {
    async open(host, port) {
      if (server !== undefined) {
        const { server: http } = server
        const origin = await listen(server, host, port)
        doors.serve(() => Promise.resolve(http), host, Number(new URL(origin).port))
        return origin
      }
      doors.serve(async () => {
        server = build()
        await server.ready()
        return server.server
      }, host, 0)
      return originOf(secure, host, await doors.open(port))
    },
    async close() {
      doors.close()
      await server?.close()
    },
  }
}
