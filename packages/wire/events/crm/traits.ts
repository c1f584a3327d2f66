/** All of crm alike: its own queue, tokens of whoever is on the hit, never a refresh_token. */
export const crm = { scope: 'crm', queue: 'crm', sendAuth: true, sendRefreshToken: false } as const
