// What the operator API has told so far.

export const events = new Map()
export const installations = new Map()
/** `loaded`: before that nobody knows whether there is nothing. */
export const view = { connection: 'connecting', loaded: false, olderCursor: undefined, portalsCursor: undefined }

export function keyOf({ app, portal }) {
  return `${app} ${portal}`
}

export function installationOf(event) {
  return installations.get(keyOf(event))
}
