import { defineApp } from 'portline'

/** What `portline start` runs where the bench measures the command itself. */
export default defineApp({ name: 'bench' }).on('ONCRMDEALUPDATE', () => {})
