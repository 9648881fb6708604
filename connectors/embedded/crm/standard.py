"""Dataverse's tables as far as sales and service people use them, in the notation of `notation`.

Lookups to tables that are not here keep their id unchecked.
"""

from connectors.embedded.crm.notation import ACTIVE, REGARDING, read_columns, standard_columns
from connectors.embedded.crm.schema import Column, Schema, TableSchema

PARTY = "account/contact/lead/systemuser/queue/incident/opportunity"

PERSON = "text firstname lastname middlename jobtitle salutation mobilephone fullname"
PREFERENCES = """
bool donotbulkemail donotemail donotfax donotphone donotpostalmail donotsendmm followemail
bool participatesinworkflow merged isprivate
option preferredcontactmethodcode=1-5
datetime lastusedincampaign lastonholdtime
text websiteurl fax telephone1 telephone2 telephone3 traversedpath timespentbymeonemailandmeetings
email emailaddress1 emailaddress2 emailaddress3
guid processid stageid
lookup slaid>sla slainvokedid>sla
int onholdtime
"""
# logical name, entity set, primary id, primary name, label, ownership, columns
TABLES = (
    ("organization", "organizations", "organizationid", "name", "Organization", "none", """
        int maxuploadfilesize
        text blockedattachments"""),
    ("businessunit", "businessunits", "businessunitid", "name", "Business Unit", "none", """
        lookup parentbusinessunitid>businessunit calendarid>calendar
        email emailaddress
        memo description
        text costcenter divisionname websiteurl fileasname ftpsiteurl stockexchange tickersymbol
        bool isdisabled
        address1 address2"""),
    ("systemuser", "systemusers", "systemuserid", "fullname", "User", "none", f"""
        {PERSON}
        text domainname employeeid governmentid homephone nickname photourl skills title windowsliveid
        text disabledreason yomifullname yomifirstname yomilastname yomimiddlename yammeruserid
        text traversedpath applicationiduri defaultodbfoldername
        email internalemailaddress personalemailaddress mobilealertemail
        text sharepointemailaddress yammeremailaddress
        bool isdisabled islicensed issyncwithdirectory isintegrationuser setupuser displayinserviceviews
        bool isemailaddressapprovedbyo365admin
        guid azureactivedirectoryobjectid activedirectoryguid applicationid
        lookup businessunitid>businessunit parentsystemuserid>systemuser queueid>queue territoryid>territory
        lookup defaultmailbox>mailbox positionid>position calendarid>calendar siteid>site
        lookup mobileofflineprofileid>mobileofflineprofile
        bool defaultfilterspopulated isactivedirectoryuser
        guid processid stageid
        option preferredemailcode=1
        int passporthi passportlo
        option accessmode=0-5 caltype=0-12 emailrouteraccessapproval=0-3 incomingemaildeliverymethod=0-3
        option outgoingemaildeliverymethod=0-2 invitestatuscode=0-6 preferredaddresscode=1-2
        option preferredphonecode=1-4
        int identityid userlicensetype
        address1 address2"""),
    ("usersettings", "usersettingscollection", "systemuserid", "", "User Settings", "none", """
        text timezone workdaystarttime workdaystoptime
        int timezonecode timezonebias localeid uilanguageid"""),
    ("team", "teams", "teamid", "name", "Team", "none", """
        lookup businessunitid>businessunit administratorid>systemuser queueid>queue
        lookup regardingobjectid>opportunity
        email emailaddress
        memo description
        option teamtype=0-3
        bool isdefault systemmanaged
        guid azureactivedirectoryobjectid"""),
    ("role", "roles", "roleid", "name", "Security Role", "none", """
        lookup businessunitid>businessunit parentroleid>role parentrootroleid>role
        computed canbedeleted iscustomizable"""),
    ("systemuserroles", "systemuserrolescollection", "systemuserroleid", "", "User role", "none", """
        lookup systemuserid>systemuser roleid>role"""),
    ("teammembership", "teammemberships", "teammembershipid", "", "Team member", "none", """
        lookup systemuserid>systemuser teamid>team"""),
    ("roleprivileges", "roleprivilegescollection", "roleprivilegeid", "", "Role privilege", "none", """
        lookup roleid>role
        text privilegeid
        int privilegedepthmask"""),
    ("principalobjectaccess", "principalobjectaccessset", "principalobjectaccessid", "",
     "Sharing", "none", f"""
        lookup principalid>systemuser/team objectid>{PARTY}/email/appointment/phonecall/task
        int accessrightsmask"""),
    ("mailbox", "mailboxes", "mailboxid", "name", "Mailbox", "user", f"""
        {ACTIVE}
        email emailaddress
        lookup regardingobjectid>systemuser/queue emailserverprofile>emailserverprofile
        option incomingemaildeliverymethod=0-3 outgoingemaildeliverymethod=0-2 actdeliverymethod=0-2
        option incomingemailstatus=0-2 outgoingemailstatus=0-2 actstatus=0-2 mailboxstatus=0-2
        option emailrouteraccessapproval=0-3
        bool isemailaddressapprovedbyo365admin enabledforincomingemail enabledforoutgoingemail enabledforact
        bool isforwardmailbox isserviceaccount processanddeleteemails
        text username ewsurl lastsyncerror
        datetime lastsuccessfulsynccompletedon processemailreceivedafter testmailboxaccesscompletedon"""),
    ("queue", "queues", "queueid", "name", "Queue", "user", f"""
        {ACTIVE}
        email emailaddress
        memo description
        lookup businessunitid>businessunit primaryuserid>systemuser defaultmailbox>mailbox
        option queueviewtype=0-1 incomingemaildeliverymethod=0,2-3 outgoingemaildeliverymethod=0,2"""),
    ("transactioncurrency", "transactioncurrencies", "transactioncurrencyid", "currencyname", "Currency",
     "none", """
        text currencysymbol isocurrencycode
        int currencyprecision"""),
    ("subject", "subjects", "subjectid", "title", "Subject", "none", """
        lookup parentsubject>subject
        memo description"""),
    ("account", "accounts", "accountid", "name", "Account", "user", f"""
        {ACTIVE}
        {PREFERENCES}
        text accountnumber ftpsiteurl primarysatoriid primarytwitterid sic stockexchange tickersymbol yominame
        memo description
        money creditlimit marketcap revenue aging30 aging60 aging90 openrevenue
        int numberofemployees sharesoutstanding opendeals opendeals_state openrevenue_state
        datetime opendeals_date openrevenue_date
        computed masteraccountidname masteraccountidyominame
        bool creditonhold donotbulkpostalmail marketingonly
        lookup parentaccountid>account primarycontactid>contact originatingleadid>lead masterid>account
        lookup preferredsystemuserid>systemuser territoryid>territory defaultpricelevelid>pricelevel
        lookup preferredequipmentid>equipment preferredserviceid>service
        option accountcategorycode=1-2 accountclassificationcode=1 accountratingcode=1 businesstypecode=1
        option customersizecode=1 customertypecode=1-12 industrycode=1-33 ownershipcode=1-4
        option paymenttermscode=1-4 preferredappointmentdaycode=0-6 preferredappointmenttimecode=1-3
        option shippingmethodcode=1 territorycode=1
        address1 address2"""),
    ("contact", "contacts", "contactid", "fullname", "Contact", "user", f"""
        {ACTIVE}
        {PREFERENCES}
        {PERSON}
        text nickname suffix department company assistantname assistantphone managername managerphone
        text spousesname childrensnames business2 home2 callback pager employeeid governmentid ftpsiteurl
        text externaluseridentifier yomifirstname yomilastname yomimiddlename yomifullname
        memo description
        customer parentcustomerid>account/contact
        lookup accountid>account parentcontactid>contact originatingleadid>lead masterid>contact
        lookup preferredsystemuserid>systemuser defaultpricelevelid>pricelevel
        lookup preferredequipmentid>equipment preferredserviceid>service
        date birthdate anniversary
        money annualincome creditlimit aging30 aging60 aging90
        int numberofchildren
        bool creditonhold donotbulkpostalmail marketingonly isbackofficecustomer isautocreate
        option accountrolecode=1-3 gendercode=1-2 familystatuscode=1-4 leadsourcecode=1 customertypecode=1
        option customersizecode=1 educationcode=1 haschildrencode=1 paymenttermscode=1-4
        option preferredappointmentdaycode=0-6 preferredappointmenttimecode=1-3 shippingmethodcode=1
        option territorycode=1
        guid subscriptionid
        computed mastercontactidname mastercontactidyominame
        address1 address2 address3"""),
    ("lead", "leads", "leadid", "fullname", "Lead", "user", f"""
        state statecode=0:Open,1:Qualified,2:Disqualified
        status statuscode=1-7
        {PREFERENCES}
        {PERSON}
        text subject companyname sic pager yomicompanyname yomifirstname yomilastname yomimiddlename
        text yomifullname
        memo description qualificationcomments
        customer customerid>account/contact
        lookup parentaccountid>account parentcontactid>contact accountid>account contactid>contact
        lookup originatingcaseid>incident qualifyingopportunityid>opportunity masterid>lead
        lookup campaignid>campaign relatedobjectid>campaignresponse
        money budgetamount estimatedamount revenue
        decimal estimatedvalue
        date estimatedclosedate
        datetime schedulefollowup_prospect schedulefollowup_qualify
        int numberofemployees
        bool confirminterest decisionmaker evaluatefit isautocreate
        option budgetstatus=0-3 industrycode=1-33 initialcommunication=0-1 leadqualitycode=1:Hot,2:Warm,3:Cold
        option leadsourcecode=1-10 need=0-3 prioritycode=1 purchaseprocess=0-2 purchasetimeframe=0-4
        option salesstage=0 salesstagecode=1
        computed masterleadidname masterleadidyominame
        address1 address2"""),
    ("opportunity", "opportunities", "opportunityid", "name", "Opportunity", "user", """
        state statecode=0:Open,1:Won,2:Lost
        status statuscode=1-5
        email emailaddress
        text stepname traversedpath timespentbymeonemailandmeetings
        memo description currentsituation customerneed customerpainpoints proposedsolution
        memo qualificationcomments quotecomments
        customer customerid>account/contact
        lookup parentaccountid>account parentcontactid>contact accountid>account contactid>contact
        lookup originatingleadid>lead campaignid>campaign pricelevelid>pricelevel slaid>sla slainvokedid>sla
        money actualvalue budgetamount discountamount estimatedvalue freightamount totalamount totaltax
        money totalamountlessfreight totaldiscountamount totallineitemamount totallineitemdiscountamount
        decimal discountpercentage
        date actualclosedate estimatedclosedate finaldecisiondate
        datetime schedulefollowup_prospect schedulefollowup_qualify scheduleproposalmeeting lastonholdtime
        int closeprobability onholdtime
        bool captureproposalfeedback completefinalproposal completeinternalreview confirminterest
        bool decisionmaker developproposal evaluatefit filedebrief identifycompetitors isprivate
        bool identifycustomercontacts identifypursuitteam isrevenuesystemcalculated participatesinworkflow
        bool presentfinalproposal presentproposal pursuitdecision resolvefeedback sendthankyounote
        option budgetstatus=0-3 initialcommunication=0-1 need=0-3 opportunityratingcode=1:Hot,2:Warm,3:Cold
        option pricingerrorcode=0-37 prioritycode=1 purchaseprocess=0-2 purchasetimeframe=0-4
        option salesstage=0-3 salesstagecode=1 timeline=0-4
        guid processid stageid stepid"""),
    ("incident", "incidents", "incidentid", "title", "Case", "user", """
        state statecode=0:Active,1:Resolved,2:Canceled
        status statuscode=1-6,1000,2000
        email emailaddress
        text ticketnumber productserialnumber traversedpath
        memo description
        customer customerid>account/contact
        lookup primarycontactid>contact responsiblecontactid>contact accountid>account contactid>contact
        lookup existingcase>incident masterid>incident parentcaseid>incident subjectid>subject
        lookup contractdetailid>contractdetail kbarticleid>kbarticle socialprofileid>socialprofile
        lookup firstresponsebykpiid>slakpiinstance resolvebykpiid>slakpiinstance
        lookup productid>product contractid>contract entitlementid>entitlement slaid>sla slainvokedid>sla
        datetime followupby resolveby responseby escalatedon lastonholdtime
        int actualserviceunits billedserviceunits numberofchildincidents onholdtime
        decimal influencescore sentimentvalue
        bool activitiescomplete blockedprofile checkemail customercontacted decremententitlementterm
        bool firstresponsesent followuptaskcreated isdecrementing isescalated merged routecase
        option caseorigincode=1:Phone,2:Email,3:Web,2483,3986 casetypecode=1-3 contractservicelevelcode=1-3
        option customersatisfactioncode=1-5 firstresponseslastatus=1-4 incidentstagecode=1 messagetypecode=0-1
        option prioritycode=1:High,2:Normal,3:Low resolvebyslastatus=1-4 servicestage=0-2 severitycode=1
        guid processid stageid"""),
    ("competitor", "competitors", "competitorid", "name", "Competitor", "none", """
        text keyproduct referenceinfourl stockexchange tickersymbol websiteurl yominame traversedpath
        memo opportunities overview strengths threats weaknesses
        money reportedrevenue
        decimal winpercentage
        int reportingquarter reportingyear
        address1 address2"""),
    ("product", "products", "productid", "name", "Product", "none", """
        state statecode=0:Active,1:Retired,2:Draft,3:Under Revision
        status statuscode=0-3
        text productnumber producturl size suppliername vendorid vendorname vendorpartnumber hierarchypath
        memo description
        money currentcost standardcost price
        decimal quantityonhand stockvolume stockweight
        int quantitydecimal
        bool iskit isstockitem isreparented
        option producttypecode=1-4 productstructure=1-3
        datetime validfromdate validtodate
        lookup defaultuomid>uom defaultuomscheduleid>uomschedule parentproductid>product
        lookup pricelevelid>pricelevel subjectid>subject
        guid processid stageid
        text traversedpath"""),
    ("opportunitycompetitors", "opportunitycompetitorscollection", "opportunitycompetitorid", "",
     "Opportunity competitor", "none", """
        lookup opportunityid>opportunity competitorid>competitor"""),
    ("connectionrole", "connectionroles", "connectionroleid", "name", "Connection Role", "none", f"""
        {ACTIVE}
        option category=1-5,1000-1002
        memo description"""),
    ("connection", "connections", "connectionid", "name", "Connection", "user", f"""
        {ACTIVE}
        memo description
        lookup record1id>{PARTY}/team/competitor/email/appointment/phonecall/task/fax/letter
        lookup record2id>{PARTY}/team/competitor/email/appointment/phonecall/task/fax/letter
        lookup record1roleid>connectionrole record2roleid>connectionrole relatedconnectionid>connection
        datetime effectivestart effectiveend
        bool ismaster"""),
    ("email", "emails", "activityid", "subject", "Email", "activity", """
        state statecode=0:Open,1:Completed,2:Canceled
        status statuscode=1-8
        text messageid inreplyto conversationindex mimetype sender submittedby torecipients trackingtoken
        text emailsendername sendersaccountname emailremindertext
        memo safedescription activityadditionalparams
        int baseconversationindexhash isunsafe
        partylist to cc bcc from
        lookup parentactivityid>email emailsender>account/contact/lead/queue/systemuser sendersaccount>account
        lookup sendermailboxid>mailbox templateid>template
        datetime senton delayedemailsendtime emailreminderexpirytime lastopenedtime
        datetime postponeemailprocessinguntil
        int attachmentcount attachmentopencount deliveryattempts linksclickedcount opencount replycount
        bool directioncode compressed deliveryreceiptrequested readreceiptrequested isemailfollowed
        bool isemailreminderset followemailuserpreference
        option deliveryprioritycode=0-2 emailremindertype=0-2 notifications=0-2 correlationmethod=0-7
        option emailreminderstatus=0-3
        guid conversationtrackingid emailtrackingid reminderactioncardid messageiddupcheck"""),
    ("appointment", "appointments", "activityid", "subject", "Appointment", "activity", """
        state statecode=0:Open,1:Completed,2:Canceled,3:Scheduled
        status statuscode=1-6
        text location globalobjectid
        memo activityadditionalparams modifiedfieldsmask
        int outlookownerapptid
        partylist requiredattendees optionalattendees organizer
        bool isalldayevent ismapiprivate
        int attachmentcount
        option attachmenterrors=0-1 instancetypecode=0-4
        datetime originalstartdate
        guid seriesid subscriptionid"""),
    ("phonecall", "phonecalls", "activityid", "subject", "Phone Call", "activity", """
        state statecode=0:Open,1:Completed,2:Canceled
        status statuscode=1-4
        text phonenumber
        memo activityadditionalparams
        partylist to from
        bool directioncode leftvoicemail
        guid subscriptionid"""),
    ("task", "tasks", "activityid", "subject", "Task", "activity", """
        state statecode=0:Open,1:Completed,2:Canceled
        status statuscode=2-7
        int percentcomplete
        memo activityadditionalparams
        guid subscriptionid crmtaskassigneduniqueid"""),
    ("fax", "faxes", "activityid", "subject", "Fax", "activity", """
        state statecode=0:Open,1:Completed,2:Canceled
        status statuscode=1-5
        text billingcode coverpagename faxnumber tsid
        partylist to from
        bool directioncode
        int numberofpages
        guid subscriptionid"""),
    ("letter", "letters", "activityid", "subject", "Letter", "activity", """
        state statecode=0:Open,1:Completed,2:Canceled
        status statuscode=1-5
        partylist to from cc bcc
        text address
        bool directioncode
        guid subscriptionid"""),
    ("serviceappointment", "serviceappointments", "activityid", "subject", "Service Activity", "activity", """
        state statecode=0:Open,1:Closed,2:Canceled,3:Scheduled
        status statuscode=1-4,6-10
        text location
        memo activityadditionalparams
        partylist customers resources
        lookup siteid>site
        bool isalldayevent ismapiprivate
        int anchoroffset
        guid subscriptionid"""),
    ("activityparty", "activityparties", "activitypartyid", "partyidname", "Activity Party", "none", f"""
        lookup activityid>activitypointer partyid>{PARTY}
        option participationtypemask=1-11 instancetypecode=0-4
        text addressused exchangeentryid
        decimal effort
        int addressusedemailcolumnnumber
        bool donotemail donotfax donotphone donotpostalmail ispartydeleted
        owner ownerid>systemuser/team
        guid owningbusinessunit owninguser
        lookup resourcespecid>resourcespec
        datetime scheduledstart scheduledend"""),
    ("activitymimeattachment", "activitymimeattachments", "activitymimeattachmentid", "filename",
     "Attachment", "none", """
        lookup activityid>activitypointer objectid>activitypointer
        text body mimetype subject attachmentcontentid
        int attachmentnumber filesize
        lookup attachmentid>attachment
        guid activitymimeattachmentidunique
        computed activitysubject anonymouslink ownerid owneridtype owneridname owningbusinessunit owninguser
        bool isfollowed"""),
    ("annotation", "annotations", "annotationid", "subject", "Note", "user", f"""
        lookup objectid>{REGARDING}/email/appointment/phonecall/task
        text documentbody filename mimetype langid
        memo notetext
        int filesize
        bool isdocument isprivate"""),
)  # fmt: skip

KEYS = {
    "systemuserroles": ("systemuserid", "roleid"),
    "teammembership": ("teamid", "systemuserid"),
    "roleprivileges": ("roleid", "privilegeid"),
    "principalobjectaccess": ("principalid", "objectid"),
    "opportunitycompetitors": ("opportunityid", "competitorid"),
    "activityparty": ("activityid", "participationtypemask", "partyid", "addressused"),
}
NAMELESS = {
    "connection",
    "activityparty",
    "activitymimeattachment",
    "annotation",
    "mailbox",
    "usersettings",
    *KEYS,
}


def standard_schema() -> Schema:
    """The tables that every organisation has."""
    return Schema(_table(*row) for row in TABLES)


def _table(
    name: str, entity_set: str, primary_id: str, primary_name: str, label: str, ownership: str, columns: str
) -> TableSchema:
    known = standard_columns(ownership) | {column.name: column for column in read_columns(columns)}
    if primary_name:
        known.setdefault(primary_name, Column(primary_name, "text"))
    is_activity = ownership == "activity"
    return TableSchema(
        name, entity_set, primary_id, primary_name, label, known,
        ownership="user" if is_activity else ownership,
        is_activity=is_activity,
        needs_name=not is_activity and name not in NAMELESS,
        key=KEYS.get(name, ()),
        privilege="activity" if is_activity else name,
    )  # fmt: skip
