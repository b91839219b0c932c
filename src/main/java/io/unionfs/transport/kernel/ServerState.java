package io.unionfs.transport.kernel;

import io.unionfs.statistics.Writers;
import io.unionfs.sys.FuseDevice;
import io.unionfs.transport.AclNarrowing;

/**
 * What all handlers of a connection share.
 *
 * @param narrowing for a kernel that does not evaluate ACLs
 */
record ServerState(
    FuseDevice device,
    Negotiation agreed,
    NodeTable nodes,
    Opens opens,
    Entries entries,
    KeptTimes keptTimes,
    Notices notices,
    Parking parking,
    Writers writers,
    AclNarrowing narrowing,
    Interrupts interrupts) {}
