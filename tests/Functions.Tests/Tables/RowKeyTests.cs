using Sluice.Functions.Tables;

namespace Sluice.Functions.Tests.Tables;

/// <summary>Keys need no server.</summary>
public sealed class RowKeyTests
{
    private const string Forbidden = "/\\#?";

    [Fact]
    public void No_key_holds_what_a_key_may_not_and_two_texts_never_share_one()
    {
        var texts = Enumerable.Range(0, char.MaxValue + 1).Select(c => (char)c).Where(c => !char.IsSurrogate(c))
            .SelectMany(c => new[] { $"{c}", $"^{c}", $"^2{c}", $"{c}F", $"%{c}" })
            .Append("^2F").Append("^^2F").Append("").Distinct().ToList();

        var keys = texts.ConvertAll(RowKeys.Text);

        Assert.DoesNotContain(keys, k => k.AsSpan().IndexOfAny(Forbidden) >= 0 || k.Any(char.IsControl));
        Assert.Equal(texts.Count, keys.Distinct().Count());
    }

    [Fact]
    public void A_key_stays_within_its_length_whatever_the_names_are()
    {
        var (first, second) = (new string('#', 256), new string('#', 255) + "?");

        foreach (var name in new[] { first, second, "😀" + new string('é', 254) })
        {
            // The longest of all: a success of a deployment.
            var key = "s" + RowKeys.Group(name, name) + RowKeys.Descending(0) + RowKeys.Descending(0) + RowKeys.IdDown($"{name}~{name}");
            Assert.InRange(key.Length, 1, 512);
            Assert.InRange(("r" + RowKeys.Group(name) + RowKeys.Ascending(0) + RowKeys.Number(0) + RowKeys.Tie(name)).Length, 1, 512);
            Assert.InRange(("k" + RowKeys.Text(name)).Length, 1, 512);
        }

        Assert.NotEqual(RowKeys.Text(first), RowKeys.Text(second));
        Assert.NotEqual(RowKeys.IdDown(first), RowKeys.IdDown(second));
        Assert.NotEqual(RowKeys.Group("a", "b"), RowKeys.Group("a^~b"));
    }

    [Fact]
    public void Keys_order_as_their_lists_do()
    {
        var times = new[] { DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch, new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero), DateTimeOffset.MaxValue }
            .Select(t => t.ToUnixTimeMilliseconds()).ToList();
        var ids = new[] { "", "a", "a.b", "a1", "ab", "b", "r1", "r10", "r2", "é" };

        Assert.Equal(times, times.OrderBy(RowKeys.Ascending, StringComparer.Ordinal));
        Assert.Equal(times.AsEnumerable().Reverse(), times.OrderBy(RowKeys.Descending, StringComparer.Ordinal));
        Assert.Equal(ids.Reverse(), ids.OrderBy(RowKeys.IdDown, StringComparer.Ordinal));
        Assert.Equal([0L, 9, 10, long.MaxValue], new[] { 10L, long.MaxValue, 0, 9 }.OrderBy(RowKeys.Number, StringComparer.Ordinal));
        Assert.Equal([long.MaxValue, 10L, 9, 0], new[] { 10L, long.MaxValue, 0, 9 }.OrderBy(RowKeys.NumberDown, StringComparer.Ordinal));
    }
}
