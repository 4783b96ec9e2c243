"""Record types that accounts have and the simulator does not play: they hold nothing here.

Names as Oracle's REST API Browser lists them (reference 6.1, schemas/transforms.json). Their
collections are empty, and nothing can be made of them.
"""

from collections.abc import Mapping
from typing import Final

from ml_connector.sim.netsuite.values.properties import properties
from ml_connector.sim.netsuite.values.record_types import RecordType

_NAMES: Final = """
assemblyBuild assemblyUnbuild billingSchedule binTransfer campaign cashRefund charge check
classification contact costCategory couponCode creditCardCharge creditCardRefund creditMemo
customerCategory customerDeposit customerPayment customerRefund customerStatus department deposit
depositApplication descriptionItem discountItem downloadItem emailTemplate employee estimate
expenseCategory expenseReport fulfillmentRequest giftCertificateItem intercompanyJournalEntry
intercompanyTransferOrder inventoryCostRevaluation inventoryCount inventoryStatusChange itemGroup
job journalEntry lotNumberedAssemblyItem manufacturingRouting markupItem message nexus
nonInventoryPurchaseItem nonInventorySaleItem opportunity otherChargePurchaseItem
otherChargeSaleItem partner paymentItem paymentMethod phoneCall priceLevel pricingGroup
promotionCode purchaseRequisition salesTaxItem serializedAssemblyItem servicePurchaseItem
serviceSaleItem shipItem storePickupFulfillment subscription subtotalItem supportCase task taxType
term timeBill topic unitsType vendorCategory vendorPayment vendorPrepayment
vendorReturnAuthorization vendorSubsidiaryRelationship winLossReason workOrder
workOrderCompletion workOrderIssue
"""

OTHER_TYPES: Final[Mapping[str, RecordType]] = {
    name.lower(): RecordType(
        name=name,
        code="",
        label=name,
        table="",
        group=name.lower(),
        body=properties("id refName externalId"),
    )
    for name in _NAMES.split()
}
"""By lower-case name, as types match without case (6.2)."""
