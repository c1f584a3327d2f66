import type { TraitsOf } from './traits.ts'

/** Bookings, resources and the waiting list (api-reference/booking/…/events): only the id, and not within FIELDS. */
export interface OnBookingData {
  ID: string
}

export interface BookingEvents {
  ONBOOKINGADD: OnBookingData
  ONBOOKINGUPDATE: OnBookingData
  ONBOOKINGDELETE: OnBookingData
  ONBOOKINGRESOURCEADD: OnBookingData
  ONBOOKINGRESOURCEUPDATE: OnBookingData
  ONBOOKINGRESOURCEDELETE: OnBookingData
  ONBOOKINGRESOURCETYPEADD: OnBookingData
  ONBOOKINGRESOURCETYPEUPDATE: OnBookingData
  ONBOOKINGRESOURCETYPEDELETE: OnBookingData
  ONBOOKINGWAITLISTITEMADD: OnBookingData
  ONBOOKINGWAITLISTITEMUPDATE: OnBookingData
  ONBOOKINGWAITLISTITEMDELETE: OnBookingData
}

const booking = { scope: 'booking', queue: 'default', sendAuth: true, sendRefreshToken: false } as const

export const BOOKING_TRAITS: TraitsOf<BookingEvents> = {
  ONBOOKINGADD: booking,
  ONBOOKINGUPDATE: booking,
  ONBOOKINGDELETE: booking,
  ONBOOKINGRESOURCEADD: booking,
  ONBOOKINGRESOURCEUPDATE: booking,
  ONBOOKINGRESOURCEDELETE: booking,
  ONBOOKINGRESOURCETYPEADD: booking,
  ONBOOKINGRESOURCETYPEUPDATE: booking,
  ONBOOKINGRESOURCETYPEDELETE: booking,
  ONBOOKINGWAITLISTITEMADD: booking,
  ONBOOKINGWAITLISTITEMUPDATE: booking,
  ONBOOKINGWAITLISTITEMDELETE: booking,
}
