package io.github.kib4j.cpu.presets;

import io.github.kib4j.bindings.presets.SettingsPresets;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/** The functions of {@code native/include/kib}, for the JavaCPP parser; what they are told is in {@link SettingsPresets}. */
@Properties(
        inherit = SettingsPresets.class,
        value =
                @Platform(
                        value = "linux-x86_64",
                        include = {
                            "kib/status.h",
                            "kib/cpu.h",
                            "kib/activity.h",
                            "kib/batch.h",
                            "kib/batch_norm.h",
                            "kib/gram.h",
                            "kib/layout.h",
                            "kib/optimizer.h",
                            "kib/random.h",
                            "kib/readout.h",
                            "kib/statistics.h",
                            "kib/sum_rows.h"
                        },
                        link = "kib"),
        target = "io.github.kib4j.cpu.internal",
        global = "io.github.kib4j.cpu.internal.kib")
public class KibPresets implements InfoMapper {
    @Override
    public void map(InfoMap infoMap) {}
}
