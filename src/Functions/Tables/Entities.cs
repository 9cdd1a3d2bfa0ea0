using System.Reflection;
using Azure.Data.Tables;

namespace Sluice.Functions.Tables;

/// <summary>
/// Rows as entities, a property for each member. A string property holds 64 KiB of UTF-16: a longer text goes on in <c>Name2</c>,
/// <c>Name3</c>… as far as the entity's 1 MiB goes.
/// </summary>
internal static class Entities
{
    private const int MaxProperty = 31_000;
    private const int MaxEntity = 15 * MaxProperty;

    /// <summary>The entity of a row.</summary>
    /// <exception cref="ArgumentException">It is more than an entity holds.</exception>
    public static TableEntity Of<T>(string partition, string key, T row)
        where T : class
    {
        var entity = new TableEntity(partition, key);
        foreach (var member in Members<T>.All)
        {
            switch (member.GetValue(row))
            {
                case null:
                    break;
                case string text:
                    entity.SetText(member.Name, text);
                    break;
                case var value:
                    entity[member.Name] = value;
                    break;
            }
        }

        return entity;
    }

    /// <summary>The row of an entity.</summary>
    public static T To<T>(this TableEntity entity)
        where T : class, new()
    {
        var row = new T();
        foreach (var member in Members<T>.All)
        {
            var value = member.PropertyType == typeof(string) ? entity.GetText(member.Name) : entity.GetValueOrDefault(member.Name);
            if (value is not null)
            {
                member.SetValue(row, value);
            }
        }

        return row;
    }

    /// <summary>Writes a text into as many properties as it needs.</summary>
    /// <exception cref="ArgumentException">It is more than an entity holds.</exception>
    public static void SetText(this TableEntity entity, string name, string text)
    {
        var others = entity.Keys.Select(k => entity[k]).OfType<string>().Sum(v => v.Length);
        if (others + text.Length > MaxEntity)
        {
            throw new ArgumentException(
                $"{name} of {entity.PartitionKey} {entity.RowKey} has {text.Length} characters: "
                    + $"a row in Azure Table storage holds {MaxEntity} in all. Keep it smaller, or keep the registry in PostgreSQL.",
                nameof(text));
        }

        var part = 1;
        var begin = 0;
        do
        {
            var length = Math.Min(MaxProperty, text.Length - begin);
            if (begin + length < text.Length && char.IsHighSurrogate(text[begin + length - 1]))
            {
                length--;
            }

            entity[Part(name, part++)] = text.Substring(begin, length);
            begin += length;
        }
        while (begin < text.Length);
    }

    /// <summary>The text of a property and those it goes on in; null when there is none.</summary>
    public static string? GetText(this TableEntity entity, string name)
    {
        var text = entity.GetString(name);
        for (var part = 2; entity.GetValueOrDefault(Part(name, part)) is string more; part++)
        {
            text += more;
        }

        return text;
    }

    private static string Part(string name, int part) => part == 1 ? name : $"{name}{part}";

    private static object? GetValueOrDefault(this TableEntity entity, string name) => entity.TryGetValue(name, out var value) ? value : null;

    private static class Members<T>
    {
        public static readonly PropertyInfo[] All = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance);
    }
}
