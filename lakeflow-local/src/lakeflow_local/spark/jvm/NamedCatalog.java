package lakeflow.local;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.analysis.NamespaceAlreadyExistsException;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.NonEmptyNamespaceException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connector.catalog.CatalogPlugin;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.NamespaceChange;
import org.apache.spark.sql.connector.catalog.StagedTable;
import org.apache.spark.sql.connector.catalog.StagingTableCatalog;
import org.apache.spark.sql.connector.catalog.SupportsNamespaces;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCatalogCapability;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * A catalog by another name than spark_catalog, the only one in which open source Delta works: its schema `s` is the
 * schema `<catalog>__s` there. As on the platform, every catalog has a schema `default`. Compiled by the compiler that Spark brings along (Janino), which knows no generics here.
 */
public class NamedCatalog implements StagingTableCatalog, SupportsNamespaces {
    private String name;

    public void initialize(String name, CaseInsensitiveStringMap options) { this.name = name; }
    public String name() { return name; }
    public String[] defaultNamespace() { return new String[] {"default"}; }

    private CatalogPlugin session() {
        return ((SparkSession) SparkSession.active()).sessionState().catalogManager().v2SessionCatalog();
    }
    private StagingTableCatalog tables() { return (StagingTableCatalog) session(); }
    private SupportsNamespaces schemas() { return (SupportsNamespaces) session(); }
    private String prefix() { return name + "__"; }
    private String[] in(String[] schema) {
        if (schema.length != 1) return schema;
        String[] found = new String[] {prefix() + schema[0]};
        if (schema[0].equalsIgnoreCase("default") && !schemas().namespaceExists(found)) {
            try {
                schemas().createNamespace(found, java.util.Collections.emptyMap());
            } catch (NamespaceAlreadyExistsException another) {
                // A query beside this one was quicker.
            }
        }
        return found;
    }
    private Identifier in(Identifier table) { return Identifier.of(in(table.namespace()), table.name()); }

    public java.util.Set capabilities() { return tables().capabilities(); }
    public Identifier[] listTables(String[] schema) throws NoSuchNamespaceException {
        Identifier[] found = tables().listTables(in(schema));
        for (int i = 0; i < found.length; i++) found[i] = Identifier.of(schema, found[i].name());
        return found;
    }
    public Table loadTable(Identifier table) throws NoSuchTableException { return tables().loadTable(in(table)); }
    public Table loadTable(Identifier table, String version) throws NoSuchTableException {
        return tables().loadTable(in(table), version);
    }
    public Table loadTable(Identifier table, long timestamp) throws NoSuchTableException {
        return tables().loadTable(in(table), timestamp);
    }
    public boolean tableExists(Identifier table) { return tables().tableExists(in(table)); }
    public void invalidateTable(Identifier table) { tables().invalidateTable(in(table)); }
    public Table createTable(Identifier table, StructType schema, Transform[] partitions, Map properties)
            throws TableAlreadyExistsException, NoSuchNamespaceException {
        return tables().createTable(in(table), schema, partitions, properties);
    }
    public Table createTable(Identifier table, Column[] columns, Transform[] partitions, Map properties)
            throws TableAlreadyExistsException, NoSuchNamespaceException {
        return tables().createTable(in(table), columns, partitions, properties);
    }
    public Table alterTable(Identifier table, TableChange[] changes) throws NoSuchTableException {
        return tables().alterTable(in(table), changes);
    }
    public boolean dropTable(Identifier table) { return tables().dropTable(in(table)); }
    public boolean purgeTable(Identifier table) { return tables().purgeTable(in(table)); }
    public void renameTable(Identifier from, Identifier to) throws NoSuchTableException, TableAlreadyExistsException {
        tables().renameTable(in(from), in(to));
    }
    public StagedTable stageCreate(Identifier table, Column[] columns, Transform[] partitions, Map properties)
            throws TableAlreadyExistsException, NoSuchNamespaceException {
        return tables().stageCreate(in(table), columns, partitions, properties);
    }
    public StagedTable stageReplace(Identifier table, Column[] columns, Transform[] partitions, Map properties)
            throws NoSuchNamespaceException, NoSuchTableException {
        return tables().stageReplace(in(table), columns, partitions, properties);
    }
    public StagedTable stageCreateOrReplace(Identifier table, Column[] columns, Transform[] partitions, Map properties)
            throws NoSuchNamespaceException {
        return tables().stageCreateOrReplace(in(table), columns, partitions, properties);
    }

    public String[][] listNamespaces() throws NoSuchNamespaceException {
        String[][] all = schemas().listNamespaces();
        List found = new ArrayList();
        for (int i = 0; i < all.length; i++) {
            if (all[i][0].startsWith(prefix())) found.add(new String[] {all[i][0].substring(prefix().length())});
        }
        String[][] mine = new String[found.size()][];
        for (int i = 0; i < mine.length; i++) mine[i] = (String[]) found.get(i);
        return mine;
    }
    public String[][] listNamespaces(String[] schema) throws NoSuchNamespaceException {
        return schema.length == 0 ? listNamespaces() : new String[0][];
    }
    public boolean namespaceExists(String[] schema) { return schemas().namespaceExists(in(schema)); }
    public Map loadNamespaceMetadata(String[] schema) throws NoSuchNamespaceException {
        return schemas().loadNamespaceMetadata(in(schema));
    }
    public void createNamespace(String[] schema, Map properties) throws NamespaceAlreadyExistsException {
        schemas().createNamespace(in(schema), properties);
    }
    public void alterNamespace(String[] schema, NamespaceChange[] changes) throws NoSuchNamespaceException {
        schemas().alterNamespace(in(schema), changes);
    }
    public boolean dropNamespace(String[] schema, boolean cascade)
            throws NoSuchNamespaceException, NonEmptyNamespaceException {
        return schemas().dropNamespace(in(schema), cascade);
    }
}
