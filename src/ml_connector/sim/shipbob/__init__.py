"""A simulated ShipBob with books of its own (reference shipbob.md, section 11).

    sim = ShipBobSim()
    sim.add_token("pat-1")
    sim.add_fulfillment_center(10, "Moreno Valley (CA)")
    sim.add_product("TEE-BLK-M")
    with serve(sim.api, port=9200), serve(sim.auth, port=9201):
        wro = sim.create_wro({"TEE-BLK-M": 100}, purchase_order_number="PO4711")
        sim.arrive(wro)
        sim.stow(wro, {"TEE-BLK-M": 60})

Another process does the same over HTTP: ``POST /_sim/stow {"wro": 900001, ...}``, and a person
on the page at ``/_sim/``. ``GET /_sim/actions`` lists everything that can be done.
"""

from ml_connector.sim.shipbob.simulator import ShipBobSim

__all__ = ["ShipBobSim"]
