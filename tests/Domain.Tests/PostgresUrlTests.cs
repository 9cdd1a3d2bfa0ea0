namespace Sluice.Domain.Tests;

public sealed class PostgresUrlTests
{
    [Theory]
    [InlineData("postgres://ana:p%40ss%2Fw%3Brd@db.example.com:6432/app", "Database=app Host=db.example.com Password=p@ss/w;rd Port=6432 Username=ana")]
    [InlineData("postgresql://db/app", "Database=app Host=db")]
    [InlineData("postgres://ana@[::1]:5433/app", "Database=app Host=::1 Port=5433 Username=ana")]
    [InlineData("POSTGRES://db/app?sslmode=verify-full&connect_timeout=5", "Database=app Host=db SSL Mode=verifyfull Timeout=5")]
    public void A_URL_is_taken_apart_into_keywords(string url, string expected)
    {
        Assert.True(PostgresUrl.TryParse(url, out var keywords, out var fault), fault);
        Assert.Equal(expected, string.Join(' ', keywords.OrderBy(k => k.Key).Select(k => $"{k.Key}={k.Value}")));
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
        Assert.Empty(keywords);
        Assert.NotEqual("", fault);
        Assert.DoesNotContain("s3cret", fault, StringComparison.Ordinal);
    }
}
