package io.github.kib4j.datasets;

import javax.imageio.stream.ImageInputStreamImpl;

/** Bytes in memory as ImageIO reads them; readers that know how many there are refuse headers that announce more. */
final class ImageBytes extends ImageInputStreamImpl {
    private final byte[] bytes;

    ImageBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public int read() {
        bitOffset = 0;
        return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xFF : -1;
    }

    @Override
    public int read(byte[] to, int offset, int count) {
        bitOffset = 0;
        if (count == 0) {
            return 0;
        }
        int got = (int) Math.min(count, bytes.length - streamPos);
        if (got <= 0) {
            return -1;
        }
        System.arraycopy(bytes, (int) streamPos, to, offset, got);
        streamPos += got;
        return got;
    }

    @Override
    public long length() {
        return bytes.length;
    }
}
