/**
 * node:http and node:https. An import statement would have Node look at all that they export, and that loads its web client: 10 to
 * 40 ms of every start.
 */
export const http = process.getBuiltinModule('node:http')
export const https = process.getBuiltinModule('node:https')
