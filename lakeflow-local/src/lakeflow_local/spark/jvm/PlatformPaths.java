package lakeflow.local;

import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Which folder of this machine a path of the platform means: path_map.py in Java. */
final class PlatformPaths {
    private static final String SETTING = "lakeflow.local.paths";
    private final List prefixes = new ArrayList();
    private final List folders = new ArrayList();

    /** From a line for each folder, the longest prefix first: prefix, tab, folder. */
    PlatformPaths(Configuration conf) {
        String text = conf.getRaw(SETTING);
        if (text == null) return;
        String[] lines = text.split("\n");
        for (int i = 0; i < lines.length; i++) {
            int tab = lines[i].indexOf('\t');
            if (tab < 0) continue;
            prefixes.add(lines[i].substring(0, tab));
            folders.add(lines[i].substring(tab + 1));
        }
    }

    static boolean isVolume(String path) { return path.equals("/Volumes") || path.startsWith("/Volumes/"); }

    /** The path on this machine; null for a path that is the machine's own. */
    String local(Path path, boolean isDbfs) {
        String text = path.toUri().getPath();
        if (isDbfs && !isVolume(text)) text = "/dbfs" + text;
        for (int i = 0; i < prefixes.size(); i++) {
            String prefix = (String) prefixes.get(i);
            if (text.equals(prefix) || text.startsWith(prefix + "/")) {
                String folder = (String) folders.get(i);
                return folder.equals(prefix) ? null : folder + text.substring(prefix.length());
            }
        }
        return null;
    }
}
