using System.Text.Json;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;

namespace Sluice.Engine.Tests;

/// <summary><see cref="IUnchanging"/>: what was written a moment ago is not read.</summary>
public sealed class HandoverTests
{
    private sealed record Parcel(string Content) : IUnchanging;

    private sealed record Letter(string Content);

    [Fact]
    public void What_this_process_wrote_is_handed_over_as_often_as_it_is_read()
    {
        var parcel = new Parcel("p");
        var json = DurableJson.Write(parcel);

        Assert.Equal("""{"content":"p"}""", json);
        Assert.Same(parcel, DurableJson.Read<Parcel>(json));
        Assert.Same(parcel, DurableJson.Read<Parcel>(json));
    }

    [Fact]
    public void What_comes_from_a_store_is_read()
    {
        var parcel = new Parcel("p");
        var stored = new string(DurableJson.Write(parcel));

        Assert.NotSame(parcel, DurableJson.Read<Parcel>(stored));
        Assert.Equal(parcel, DurableJson.Read<Parcel>(stored));
    }

    [Fact]
    public void Another_type_is_read_from_what_was_written() =>
        Assert.Equal(new Letter("p"), DurableJson.Read<Letter>(DurableJson.Write(new Parcel("p"))));

    [Fact]
    public void What_stands_in_for_a_value_is_told_from_its_like()
    {
        var (first, second) = (new Parcel("1"), new Parcel("2"));
        var (one, two) = (DurableJson.StandIn(first), DurableJson.StandIn(second));

        Assert.Same(first, DurableJson.Read<Parcel>(one));
        Assert.Same(second, DurableJson.Read<Parcel>(two));
        Assert.Equal("""{"content":"l"}""", DurableJson.StandIn(new Letter("l")));
        Assert.Throws<JsonException>(() => DurableJson.Read<Letter>(one));
    }

    [Fact]
    public async Task An_engine_that_keeps_no_histories_is_not_started_again()
    {
        await using var engine = await VirtualEngine.StartAsync(new DurableTasks(), options: new VirtualEngineOptions { InMemory = true, KeepsHistories = false });

        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.RestartAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(engine.StopAndStartAsync);
    }

    [Theory]
    [InlineData(0.0, "0")]
    [InlineData(-0.0, "-0")]
    [InlineData(3074.0, "3074")]
    [InlineData(-12.0, "-12")]
    [InlineData(0.1, "0.1")]
    [InlineData(1e15, "1000000000000000")]
    [InlineData(1e300, "1E+300")]
    public void Numbers_are_written_as_they_always_were(double number, string json)
    {
        Assert.Equal(json, JsonSerializer.Serialize(number));
        Assert.Equal(json, DurableJson.Write(number));
        Assert.Equal(number, DurableJson.Read<double>(json));
    }
}
