package io.unionfs.image.oci;

/**
 * A reference to a blob.
 *
 * @param mediaType what it claims to be
 * @param size in bytes
 */
public record Descriptor(String mediaType, Digest digest, long size) {
  static Descriptor of(Json json) throws ImageException {
    String type = json.text("mediaType");
    return new Descriptor(
        type == null ? "" : type,
        Digest.parse(json.requiredText("digest")),
        json.requiredNumber("size"));
  }

  Json json() {
    return Json.object()
        .set("mediaType", mediaType)
        .set("digest", digest.toString())
        .set("size", size);
  }
}
