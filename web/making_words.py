"""Words for making leads and contacts of the CRM."""

from __future__ import annotations

from web.i18n import N_

OBJECTS = {"Lead": N_("New lead in Salesforce"), "Contact": N_("New contact in Salesforce")}
DEEDS = {"Lead": N_("Make a lead"), "Contact": N_("Make a contact")}
FIELDS = {
    "FirstName": N_("First name"),
    "LastName": N_("Surname"),
    "Company": N_("Company"),
    "Email": N_("E-mail"),
    "Phone": N_("Phone"),
    "Website": N_("Website"),
}
WRONG = {
    "empty": N_("Salesforce needs this."),
    "long": N_("That is longer than Salesforce takes."),
    "choice": N_("Choose one of the options."),
}
REFUSALS = (
    N_("Your org does not let the hub make such records yet. An administrator installs the newest package."),
    N_("No CRM is connected and switched on."),
    N_("This person stands in the CRM already."),
    N_("This is on its way already."),
    N_("This person objects to standing in the CRM, or profiles there are switched off."),
    N_("This account is gone."),
    N_("It was made from here before and is not linked any more. Find it in the CRM and link it."),
)
CODES = {
    "DUPLICATES_DETECTED": N_("Salesforce takes this for somebody who is there already. Find and link them instead.")
}
