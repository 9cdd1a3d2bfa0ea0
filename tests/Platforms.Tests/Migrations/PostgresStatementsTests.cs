using Sluice.Platforms.Migrations;

namespace Sluice.Platforms.Tests.Migrations;

public sealed class PostgresStatementsTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData(" ; ;\n-- only ; this\n/* a; /* b; */ c; */ ", "")]
    [InlineData("SELECT 1", "SELECT 1")]
    [InlineData("SELECT 1; SELECT 2;", "SELECT 1|SELECT 2")]
    [InlineData("SELECT ';', 'it''s;', \"a;\"\"b\"; SELECT 2", "SELECT ';', 'it''s;', \"a;\"\"b\"|SELECT 2")]
    [InlineData(@"SELECT E'\';', e'\\'; SELECT '\'; SELECT 3", @"SELECT E'\';', e'\\'|SELECT '\'|SELECT 3")]
    [InlineData(@"SELECT E'a''b\';c'; SELECT 2", @"SELECT E'a''b\';c'|SELECT 2")]
    [InlineData("DO $$ BEGIN; END; $$; SELECT $1$; SELECT $a$;$b$;$a$", "DO $$ BEGIN; END; $$|SELECT $1$|SELECT $a$;$b$;$a$")]
    [InlineData("SELECT a$b$c; SELECT d$b$", "SELECT a$b$c|SELECT d$b$")]
    [InlineData("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT (2);); SELECT 3", "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT (2);)|SELECT 3")]
    [InlineData(
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; SELECT 3",
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END|SELECT 3")]
    [InlineData("SELECT 'never closed; SELECT 2", "SELECT 'never closed; SELECT 2")]
    [InlineData("/* never closed; SELECT 2", "")]
    public void A_file_is_split_where_psql_splits_it(string sql, string expected)
    {
        var statements = PostgresStatements.Split(sql);

        Assert.Equal(expected, string.Join('|', statements.Select(s => s.Text)));
        Assert.All(statements, s => Assert.Equal(s.Text, sql.Substring(s.Offset, s.Text.Length)));
    }
}
