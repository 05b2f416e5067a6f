package io.github.kib4j.bindings.presets;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * The constants and structs of {@code native/include/kib}, for the JavaCPP parser.
 */
@Properties(
        value =
                @Platform(
                        value = "linux-x86_64",
                        include = {
                            "kib/interface.h",
                            "kib/status.h",
                            "kib/types.h",
                            "kib/constants.h",
                            "kib/queue.h",
                            "kib/specs.h",
                            "kib/meter.h"
                        }),
        target = "io.github.kib4j.bindings.internal",
        global = "io.github.kib4j.bindings.internal.settings")
public class SettingsPresets implements InfoMapper {
    /** Called by the parser. */
    public SettingsPresets() {}

    @Override
    public void map(InfoMap infoMap) {}
}
