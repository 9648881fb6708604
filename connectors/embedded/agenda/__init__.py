"""The embedded Exchange's calendars and To Do: iCalendar in, meetings by occurrence and tasks out."""
