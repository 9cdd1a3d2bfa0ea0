using System.Text.Json;
using Sluice.Durable;

namespace Sluice.Engine.Tests;

/// <summary>What an orchestration only hands on is neither read nor written anew on its way.</summary>
public sealed class CarriedTests
{
    private sealed record Lesson(string Name, int[] Counts);

    private sealed record Letter(int Number, Carried<Lesson> Inside);

    [Fact]
    public void It_is_written_as_the_value_itself_would_be()
    {
        var lesson = new Lesson("é \"x\"", [1, 2]);

        Assert.Equal(Write(new { number = 7, inside = lesson }), Write(new Letter(7, new Carried<Lesson>(lesson))));
    }

    [Fact]
    public void It_goes_on_as_it_came_even_what_this_program_does_not_know()
    {
        const string Json = """{"number":7,"inside":{"counts":[3],"learnedLater":{"a":[1.50]},"name":"n"}}""";

        var read = Read(Json);

        Assert.Equal(Json, Write(read));
        Assert.Equal(("n", 3), (read.Inside.Value.Name, read.Inside.Value.Counts.Single()));
        Assert.Equal(Json, Write(read));
    }

    [Fact]
    public void Two_that_are_alike_are_one_and_two_that_differ_are_not_taken_for_each_other()
    {
        var letters = Enumerable.Range(0, 500).Select(i => Read($$"""{"number":1,"inside":{"name":"{{i}}","counts":[] } }""")).ToList();

        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"{i}"), letters.Select(l => l.Inside.Value.Name));
        var written = Write(letters[499]);
        Assert.Same(letters[499].Inside.Value, Read(written).Inside.Value);
    }

    [Fact]
    public void Nothing_is_no_value() =>
        Assert.Throws<JsonException>(() => Read("""{"number":1,"inside":{"name":3}}""").Inside.Value);

    private static string Write<T>(T value) => JsonSerializer.Serialize(value, DurableJson.Options);

    private static Letter Read(string json) => JsonSerializer.Deserialize<Letter>(json, DurableJson.Options)!;
}
