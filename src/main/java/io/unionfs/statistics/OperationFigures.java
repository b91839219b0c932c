package io.unionfs.statistics;

/**
 * The requests of one kind.
 *
 * @param name the operation, as the FUSE protocol calls it
 * @param requests how many there were
 * @param latency how long those took that were timed, from reading the request to the answer
 */
public record OperationFigures(String name, long requests, LatencyFigures latency) {}
