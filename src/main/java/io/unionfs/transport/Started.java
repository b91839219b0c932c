package io.unionfs.transport;

/**
 * A mount that answers.
 *
 * @param reason why this transport serves it
 */
public record Started(Session session, String reason) {}
