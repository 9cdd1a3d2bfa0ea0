namespace Sluice.Domain.Tests;

public sealed class PostgresUrlTests
{
    [Theory]
    [InlineData("postgres://ana:p%40ss%2Fw%3Brd@db.example.com:6432/app", "Host=db.example.com;Port=6432;Database=app;Username=ana;Password=\"p@ss/w;rd\"")]
    [InlineData("postgresql://db/app", "Host=db;Database=app")]
    [InlineData("postgres://ana@[::1]:5433/app", "Host=::1;Port=5433;Database=app;Username=ana")]
    [InlineData("POSTGRES://db/app?sslmode=verify-full&connect_timeout=5", "Host=db;Database=app;SSL Mode=verifyfull;Timeout=5")]
    public void A_URL_becomes_the_keyword_form(string url, string expected)
    {
        Assert.True(PostgresUrl.TryParse(url, out var keywords, out var fault), fault);
        Assert.Equal(Sorted(expected), Sorted(keywords));
    }

    [Theory]
    [InlineData("mysql://u:s3cret@host/db")]
    [InlineData("postgres:///db")]
    [InlineData("postgres://u:s3cret@host:99999/db")]
    [InlineData("postgres://u:s3cret@host/db?unknown=s3cret")]
    [InlineData("postgres://u:s3#cret@host/db")]
    public void A_fault_is_told_without_any_value(string url)
    {
        Assert.False(PostgresUrl.TryParse(url, out var keywords, out var fault));
        Assert.Equal("", keywords);
        Assert.NotEqual("", fault);
        Assert.DoesNotContain("s3cret", fault, StringComparison.Ordinal);
    }

    private static IEnumerable<(string, string)> Sorted(string keywords)
    {
        var builder = new System.Data.Common.DbConnectionStringBuilder { ConnectionString = keywords };
        return builder.Keys.Cast<string>().Select(k => (k.ToUpperInvariant(), (string)builder[k])).Order();
    }
}
