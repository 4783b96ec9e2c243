"""Property names of the REST records (schemas/rest-schema-2026.1.json, suitescript-records.json).

A word is ``name`` for a text or ``name:kind``; kinds: ``num``, ``bool``, ``date``, ``time``
(datetime), ``enum``, ``ref`` or ``ref.<record>``, ``list`` (sublist), ``sub`` (subrecord).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a record.

    Attributes:
        name: as answered, camel case.
        kind: see the module's text.
        target: the record type a reference points to; empty when it isn't checked.
    """

    name: str
    kind: str
    target: str = ""


def properties(text: str) -> Mapping[str, Property]:
    """Read a block of this file; keys are lower case, as names match without case (6.2)."""
    found = {}
    for word in text.split():
        name, _, kind = word.partition(":")
        kind, _, target = (kind or "text").partition(".")
        found[name.lower()] = Property(name, kind, target)
    return found


INVENTORY_ADJUSTMENT: Final = """
account:ref.account accountingBookDetail:list adjLocation:ref.location class:ref.classification
cleared:bool clearedDate:date createdDate:time customForm:ref customer:ref.entity
deletionReason:ref deletionReasonMemo department:ref.department estimatedTotalValue:num
excludeFromGLNumbering:bool externalId inventory:list lastModifiedDate:time
location:ref.location memo postingPeriod:ref.accountingPeriod prevDate:date
primaryBookBaseCurrency:ref.currency subsidiary:ref.subsidiary tranDate:date tranId
transactionNumber
"""

INVENTORY_LINE: Final = """
adjustQtyBy:num binNumbers class:ref.classification costingMethod:enum currency:ref.currency
currentValue:num department:ref.department description exchangeRate:num expirationDate:date
foreignCurrencyUnitCost:num inventoryDetail:sub item:ref.item line:num location:ref.location
memo newQuantity:num quantityOnHand:num serialNumbers subsidiary:ref.subsidiary unitCost:num
units
"""

ITEM_RECEIPT: Final = """
accountingBookDetail:list appliedRules:list class:ref.classification createdDate:time
createdFrom:ref.transaction currency:ref.currency customForm:ref deletionReason:ref
deletionReasonMemo department:ref.department employee:ref entity:ref.entity exchangeRate:num
excludeFromGLNumbering:bool expense:list externalId inboundShipment:ref.inboundShipment
incoTerm:ref item:list itemFulfillment:ref.itemFulfillment landedCostMethod:enum
landedCostPerLine:bool landedCosts:list lastModifiedDate:time location:ref.location memo
orderId:num orderType partner:ref postingPeriod:ref.accountingPeriod prevDate:date
primaryBookBaseCurrency:ref subsidiary:ref.subsidiary tranDate:date tranId transactionNumber
"""

RECEIPT_LINE: Final = """
amount:num billVarianceStatus:enum binNumbers class:ref.classification consigned:bool
consignmentConsumed currency department:ref.department description displayName
expirationDate:date fromlocation generateAccruals:bool inventoryDetail:sub
isCatchWeightItem:bool isConsignmentItem:bool isDropShipment:bool item:ref.item itemFxAmount:num
itemName itemReceive:bool itemSubtype itemType itemUnitPrice:num itemUpc jobName kitMemberOf:num
landedCost:sub line:num lineEntity:num location:ref.location onHand:num options orderDoc:ref
orderLine:num primaryToSecondaryUnitConversionRate:num quantity:num quantityRemaining:num
quantityRemainingDisplay:num rate:num secondaryQuantity:num secondaryUnitConversionRate:num
secondaryUnits secondaryUnitsList serialNumbers unitCostOverride:num units unitsDisplay
vendorName
"""

RECEIPT_EXPENSE: Final = """
account:ref.account amount:num itemReceipt:ref line:num markReceived:bool memo orderDoc:num
orderLine
"""

ITEM_FULFILLMENT: Final = """
accountingBookDetail:list appliedRules:list class:ref.classification createdDate:time
createdFrom:ref.transaction createdFromShipGroup:num customForm:ref deletionReason:ref
department:ref.department entity:ref.entity exchangeRate:num externalId
generateIntegratedShipperLabel:bool handlingCost:num isBaseCurrency:bool item:list
lastModifiedDate:time location:ref.location memo orderId:num orderType package:list
packageFedex:list packageUps:list packageUsps:list packedDate:date partner:ref pickedDate:date
postingPeriod:ref.accountingPeriod prevDate:date requestedBy:ref.fulfillmentRequest shipAddress
shipAddressList:ref shipCarrier:enum shipCompany shipCountry:enum shipIsResidential:bool
shipMethod:ref.shipItem shipOverride:bool shipPhone shipStatus:enum shipmentDetails:sub
shipmentPackage:list shippedDate:date shippingAddress:sub shippingAddress_text shippingCost:num
status:enum subsidiary:ref.subsidiary tranDate:date tranId transactionNumber
transferLocation:ref.location
"""

FULFILLMENT_LINE: Final = """
amount:num binNumbers class:ref.classification consigned:bool createPo
createdPo:ref.purchaseOrder currency department:ref.department description displayName
excludeFromRateRequest:bool expirationDate:date inventoryDetail:sub isCatchWeightItem:bool
isConsignmentItem:bool item:ref.item itemFxAmount:num itemName itemReceive:bool itemSubtype
itemType itemUnitPrice:num itemUpc jobName kitMemberOf:num line:num lineEntity:num
location:ref.location onHand:num options orderDoc:ref orderLine:num quantity:num
quantityRemaining:num quantityRemainingDisplay:num rate:num serialNumbers units unitsDisplay
"""

PACKAGE: Final = """
packageCartonNumber packageDescr packageDetails:sub packageTrackingNumber
packageTrackingNumberReturn packageWeight:num
"""

INBOUND_SHIPMENT: Final = """
actualDeliveryDate:date actualShippingDate:date billOfLading customForm:ref
expectedDeliveryDate:date expectedShippingDate:date externalDocumentNumber externalId items:list
landedCost:list lastModifiedDate:time shipmentBaseCurrency:ref shipmentCreatedDate:date
shipmentMemo shipmentNumber shipmentStatus:enum vesselNumber
"""

SHIPMENT_LINE: Final = """
allocatedDemand expectedRate:num incoterm:ref inventorydetail:sub poCurrency:ref poRate:num
poVendor purchaseOrder:ref purchaseOrderTransaction:ref quantityBilled quantityExpected
quantityReceived quantityRemaining receivingLocation:ref.location shipmentItem:ref.line
shipmentItemAmount:num shipmentItemDescription shipmentItemEffectiveDate:date
shipmentItemExchangeRate:num shipmentItemTransaction totalUnitCost:num unit unitLandedCost:num
vendorId:ref.entity
"""

PURCHASE_ORDER: Final = """
approvalStatus:enum balance:num billAddress billAddressList:ref billingAddress:sub
billingAddress_text createdDate:time currency:ref.currency customForm:ref
department:ref.department email entity:ref.entity exchangeRate:num expense:list externalId
incoTerm:ref item:list lastModifiedDate:time location:ref.location memo nextApprover:ref
orderStatus:enum prevDate:date shipAddress shipDate:date shipIsResidential:bool
shipOverride:bool shippingAddress:sub status:enum subsidiary:ref.subsidiary toBeEmailed:bool
toBeFaxed:bool toBePrinted:bool total:num tranDate:date tranId transactionNumber
availableVendorCredit:num billisresidential class:ref.classification createdFrom:ref.transaction
currencyName currencySymbol dueDate:date employee:ref entityNexus:ref entityTaxRegNum:ref fob
intercostatus:ref intercotransaction:ref isBaseCurrency:bool linkedTrackingNumbers message
nexus:ref otherRefNum purchasecontract:ref returnTrackingNumbers shipMethod:ref shipto:ref
source statusRef subsidiaryTaxRegNum:ref supervisorapproval:bool taxDetailsOverride:bool
taxPointDate:date taxPointDateOverride:bool taxRegOverride:bool terms:ref trackingnumbers
unbilledOrders:num
"""

PURCHASE_ORDER_LINE: Final = """
amount:num class:ref.classification department:ref.department description
excludeFromPredictiveRisk:bool inventoryDetail:sub isBillable:bool isClosed:bool isOpen:bool
item:ref.item itemType:enum leadTime:num line:num linked:bool linkedOrder:list
location:ref.location marginal:bool matchBillToReceipt:bool printItems:bool quantity:num
quantityAvailable:num quantityBilled:num quantityOnHand:num quantityReceived:num rate:num units
vendorName assembly assemblyunits billofmaterials billofmaterialsrevision billvariancestatus
catchupperiod createdFrom createoutsourcedwo customer:ref.entity deferrevrec
expectedReceiptDate:date isvsoebundle itemSubtype landedCostCategory matrixtype options
productionenddate:date productionstartdate:date purchasecontract quantityonshipments
rateschedule
"""

ORDER_EXPENSE: Final = """
account:ref.account amount:num category:ref class:ref.classification createdFrom
customer:ref.entity department:ref.department isBillable:bool isClosed:bool line:num linkedOrder
location:ref.location memo
"""

VENDOR_BILL: Final = """
account:ref.account approvalStatus:enum availableVendorCredit:num balance billAddressList:ref
billingAddress:sub class:ref.classification createdDate:time creditLimit:num
currency:ref.currency currencyName currencySymbol customForm:ref department:ref.department
discountAmount:num discountDate:date documentStatus dueDate:date entity:ref.entity
entityNexus:ref entityTaxRegNum:ref exchangeRate:num externalId isBaseCurrency:bool
landedCostPerLine:bool lastModifiedDate:time location:ref.location memo nextApprover:ref
nexus:ref overrideInstallments:bool paymentHold:bool postingPeriod:ref.accountingPeriod received
status:enum statusRef subsidiary:ref.subsidiary subsidiaryTaxRegNum:ref taxDetailsOverride:bool
taxPointDate:date taxPointDateOverride:bool taxRegOverride:bool terms:ref toBePrinted:bool
total:num tranDate:date tranId transactionNumber unbilledOrders userTotal:num expense:list
item:list
"""

BILL_LINE: Final = """
amount:num billReceipts:list billVarianceStatus:enum binNumbers catchUpPeriod:ref
class:ref.classification customer:ref.entity department:ref.department description grossAmt:num
inventoryDetail:sub isBillable:bool isClosed:bool isOpen:bool item:ref.item itemSubtype:enum
itemType:enum job:ref landedCost:sub landedCostCategory:ref line:num linked:bool
location:ref.location orderDoc:ref orderLine:num quantity:num rate:num serialNumbers
subsidiary:ref.subsidiary tax1Amt:num taxAmount:num taxCode:ref taxDetailsReference taxRate1:num
uniqueKey:num units vendorName amortizationenddate:date amortizationresidual amortizationsched
amortizationtype amortizStartDate:date deferrevrec isvsoebundle matrixtype options rateschedule
scheduletype
"""

BILL_EXPENSE: Final = """
account:ref.account amortizStartDate:date amortizationEndDate:date amortizationResidual
amortizationSched:ref amortizationType amount:num baseGrossAmt:num category:ref.expenseCategory
class:ref.classification customer:ref.entity department:ref.department grossAmt:num
isBillable:bool line:num location:ref.location memo orderDoc orderLine projecttask:ref
scheduleType tax1Amt:num taxAmount:num taxCode:ref taxDetailsReference taxRate1:num taxRate2:num
"""

VENDOR_CREDIT: Final = """
account:ref.account applied:num autoapply:bool billAddressList:ref billingAddress:sub
class:ref.classification createdDate:time createdFrom:ref.transaction currency:ref.currency
currencyName currencySymbol customForm:ref department:ref.department dueDate:date
entity:ref.entity entityNexus:ref entityTaxRegNum:ref exchangeRate:num externalId
isBaseCurrency:bool lastModifiedDate:time location:ref.location memo nexus:ref
postingPeriod:ref.accountingPeriod subsidiary:ref.subsidiary subsidiaryTaxRegNum:ref
taxDetailsOverride:bool taxPointDate:date taxPointDateOverride:bool taxRegOverride:bool
toBePrinted:bool total:num tranDate:date tranId transactionNumber unapplied:num userTotal:num
expense:list item:list apply:list
"""

CREDIT_LINE: Final = """
amortizationenddate:date amortizationresidual amortizationsched amortizationtype
amortizStartDate:date amount:num billvariancestatus catchupperiod class:ref.classification
customer:ref.entity deferrevrec department:ref.department description inventoryDetail:sub
isBillable:bool isvsoebundle item:ref.item itemSubtype itemType line:num location:ref.location
matrixtype options quantity:num rate:num rateschedule scheduletype units vendorName
"""

CREDIT_EXPENSE: Final = """
account:ref.account amortizationenddate:date amortizationresidual amortizationsched
amortizationtype amortizStartDate:date amount:num category:ref class:ref.classification
customer:ref.entity department:ref.department isBillable:bool line:num location:ref.location
memo scheduletype
"""

APPLY: Final = """
amount:num apply applydate:date createdFrom doc due dueDate:date internalid line:num refnum
total url
"""

SALES_ORDER: Final = """
externalId item:list lastModifiedDate:time linkedTrackingNumbers location:ref.location memo
orderStatus:enum otherRefNum isCrossSubTransaction:bool allowemptycards:bool althandlingcost:num
altsalestotal:num altshippingcost:num aomautomated:bool authcode balance:num billAddress
billAddressList:ref billingAddress:sub billingSchedule:ref billisresidential
canhavestackable:bool ccapproved:bool ccavsstreetmatch:ref ccavszipmatch:ref ccexpiredate cchold
ccholdetails cciavsmatch:ref ccname ccnumber ccprocessoraccount ccsecuritycode
ccsecuritycodematch:ref ccstreet cczipcode checknumber class:ref.classification
consolidatebalance:num couponcode:ref createdDate:time createdFrom:ref.transaction
creditcard:ref creditcardprocessor:ref currency:ref.currency currencyName currencySymbol
customercode customForm:ref debitcardissueno deferredrevenue:num department:ref.department
discountitem:ref discountrate:num discountTotal:num draccount:ref dynamicdescriptor email
endDate:date entity:ref.entity entityNexus:ref entityTaxRegNum:ref estgrossprofit:num
estgrossprofitpercent:num exchangeRate:num excludecommission:bool fob forinvoicegrouping:bool
fxaccount:ref getauth:bool giftcertapplied:num handlingcost:num handlingmode:ref
handlingtax1rate handlingtaxcode:ref ignoreavs:bool ignorecsc:bool inputauthcode inputpnrefnum
inputreferencecode intercostatus:ref intercotransaction:ref isBaseCurrency:bool
isdefaultshippingrequest ismultishipto:bool ispurchasecard isrecurringpayment:bool
istaxable:bool leadSource:ref message messagesel:ref muccpromocodeinstance nextbill:date
nexus:ref onetime:num opportunity:ref orderType:ref outputauthcode outputreferencecode
overridehold:bool overrideholdchecked:bool overrideshippingcost:num partner:ref paymentcardcsc
paymenteventdate:time paymenteventholdreason:ref paymenteventpurchasedatasent
paymenteventresult:ref paymenteventtype paymenteventupdatedby paymentmethod:ref paymentoperation
paymentoption:ref paymentprocessingprofile:ref paypalauthid paypalprocess:bool paypalstatus
paypaltranid pnrefnum promocode:ref promocodepluginimpl recognizedrevenue:num recurannually:num
recurmonthly:num recurquarterly:num recurweekly:num returnTrackingNumbers revcommitstatus
revenuestatus revreconrevcommitment:bool saleseffectiveDate:date salesgroup:ref salesRep:ref
shipAddress shipAddressList:ref shipComplete:bool shipDate:date shipIsResidential shipMethod:ref
shipOverride shippingAddress:sub shippingCost:num shippingcostoverridden shippingtax1rate
shippingtaxcode:ref softdescriptor source startDate:date status:enum statusRef
subsidiary:ref.subsidiary subsidiaryTaxRegNum:ref subTotal:num syncpartnerteams:bool
syncsalesteams:bool taxDetailsOverride:bool taxitem:ref taxPointDate:date
taxPointDateOverride:bool taxrate:num taxRegOverride:bool taxTotal:num terms:ref
threedstatuscode toBeEmailed:bool toBeFaxed:bool toBePrinted:bool total:num
totalCostEstimate:num tranDate:date tranId tranisvsoebundle:bool unbilledOrders:num validfrom
vsoeautocalc:bool
"""

SALES_ORDER_LINE: Final = """
location:ref.location altsalesamt amortizationperiod amortizationtype amount:num billingSchedule
billvariancestatus catchupperiod chargerule chargetype commitInventory commitmentfirm
costestimate costestimaterate costestimatetype createdPo createPo createwo daysbeforeexpiration
deferrevrec description excludefrompredictiverisk excludefromraterequest expectedShipDate:date
fromjob giftcertfrom giftcertmessage giftcertrecipientemail giftcertrecipientname
inventoryDetail:sub inventorylocation:ref inventorysubsidiary isClosed:bool isestimate istaxable
isvsoebundle item:ref.item itemfulfillmentchoice itemSubtype itemType licensecode line:num
lineUniqueKey:num locationautoassigned matrixtype noautoassignlocation options
orderallocationstrategy orderpriority porate povendor price printitems quantity:num
quantityAvailable:num quantityBackOrdered:num quantityBilled:num quantityCommitted:num
quantityFulfilled:num quantityrevcommitted rate:num rateschedule requesteddate:date
revrecenddate:date revrecschedule revrecstartdate:date shipAddress shipcarrier shipMethod
subscription taxCode:ref taxRate1:num units vsoeallocation vsoeamount vsoedeferral vsoedelivered
vsoeisestimate vsoepermitdiscount vsoeprice vsoesopgroup
"""

RETURN_AUTHORIZATION: Final = """
orderStatus:enum entity:ref.entity externalId item:list memo altsalestotal:num billAddress
billAddressList:ref billingAddress:sub billisresidential class:ref.classification couponcode:ref
createdDate:time createdFrom:ref.transaction currency:ref.currency currencyName currencySymbol
customForm:ref deferredrevenue:num department:ref.department discountitem:ref discountrate:num
discountTotal:num draccount:ref email entityNexus:ref entityTaxRegNum:ref estgrossprofit:num
estgrossprofitpercent:num exchangeRate:num excludecommission:bool fxaccount:ref inputpnrefnum
intercostatus:ref intercotransaction:ref isBaseCurrency:bool istaxable:bool
lastModifiedDate:time leadSource:ref location:ref.location message messagesel:ref
muccpromocodeinstance nexus:ref otherRefNum partner:ref promocode:ref promocodepluginimpl
recognizedrevenue:num returnTrackingNumbers revcommitstatus revenuestatus
revreconrevcommitment:bool saleseffectiveDate:date salesgroup:ref salesRep:ref shipAddress
shipAddressList:ref shipIsResidential shipOverride shippingAddress:sub source status:enum
statusRef subsidiary:ref.subsidiary subsidiaryTaxRegNum:ref subTotal:num syncpartnerteams:bool
syncsalesteams:bool taxDetailsOverride:bool taxitem:ref taxPointDate:date
taxPointDateOverride:bool taxrate:num taxRegOverride:bool taxTotal:num toBeEmailed:bool
toBeFaxed:bool toBePrinted:bool total:num totalCostEstimate:num tranDate:date tranId
tranisvsoebundle:bool vsoeautocalc:bool
"""

RETURN_LINE: Final = """
location:ref.location orderLine:num altsalesamt amortizationperiod amortizationtype amount:num
billvariancestatus catchupperiod costestimate costestimaterate costestimatetype
daysbeforeexpiration deferrevrec description giftcertfrom giftcertmessage giftcertrecipientemail
giftcertrecipientname inventoryDetail:sub inventorylocation:ref inventorysubsidiary
isClosed:bool isDropShipment:bool istaxable isvsoebundle item:ref.item itemSubtype itemType job
line:num matrixtype options price printitems quantity:num quantityBilled:num
quantityReceived:num quantityrevcommitted rate:num rateschedule revrecenddate:date
revrecschedule revrecstartdate:date taxCode:ref taxRate1:num units vsoeallocation vsoeamount
vsoedeferral vsoedelivered vsoeisestimate vsoepermitdiscount vsoeprice vsoesopgroup
"""

TRANSFER_ORDER: Final = """
althandlingcost:num altshippingcost:num class:ref.classification createdDate:time
createdFrom:ref.transaction currency:ref.currency currencyName currencySymbol customForm:ref
department:ref.department employee:ref entityNexus:ref exchangeRate:num externalId firmed:bool
fob handlingcost:num incoTerm:ref isBaseCurrency:bool lastModifiedDate:time
linkedTrackingNumbers location:ref.location memo nexus:ref orderStatus:enum orderType:ref
returnTrackingNumbers shipAddress shipAddressList:ref shipComplete:bool shipDate:date
shipIsResidential shipMethod:ref shipOverride shippingAddress:sub shippingCost:num
shippingcostoverridden source status:enum statusRef subsidiary:ref.subsidiary subTotal:num
total:num trackingnumbers tranDate:date tranId transferLocation:ref.location
useItemCostAsTransferCost:bool item:list
"""

TRANSFER_ORDER_LINE: Final = """
amount:num billvariancestatus catchupperiod commitInventory daysbeforeexpiration deferrevrec
description excludefrompredictiverisk expectedReceiptDate:date expectedShipDate:date
inventoryDetail:sub isClosed:bool isvsoebundle item:ref.item itemSubtype itemType line:num
matrixtype options orderallocationstrategy printitems quantity:num quantityAvailable:num
quantityBackOrdered:num quantityCommitted:num quantityFulfilled:num quantityReceived:num
rate:num requesteddate:date units
"""

INVENTORY_TRANSFER: Final = """
class:ref.classification createdDate:time department:ref.department externalId
lastModifiedDate:time location:ref.location memo postingPeriod:ref.accountingPeriod
subsidiary:ref.subsidiary total:num tranDate:date tranId transferLocation:ref.location
inventory:list
"""
