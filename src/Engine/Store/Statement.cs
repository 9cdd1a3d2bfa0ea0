using System.Buffers;
using System.Text;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Sluice.Engine.Store;

/// <summary>
/// A prepared statement with the parameters <c>?1</c>, <c>?2</c> …, used again and again. Straight on SQLite's own interface: a turn is
/// half a dozen of them, and what ADO.NET adds to each costs more than the statement itself.
/// </summary>
internal sealed class Statement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    /// <exception cref="SqliteException">The SQL is not accepted.</exception>
    public Statement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(_database, sql, out _statement), _database);
    }

    /// <summary>Runs it and returns how many rows changed.</summary>
    public int Execute(params ReadOnlySpan<Value> values)
    {
        Bind(values);
        try
        {
            while (Step())
            {
            }

            return raw.sqlite3_changes(_database);
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    /// <summary>Runs it and returns the first column of the first row, or null.</summary>
    public long? Number(params ReadOnlySpan<Value> values)
    {
        Bind(values);
        try
        {
            long? number = Step() ? new Row(_statement).Number(0) : null;
            while (number is not null && Step())
            {
            }

            return number;
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    /// <summary>Runs it and reads all rows.</summary>
    public List<T> Read<T>(Func<Row, T> read, params ReadOnlySpan<Value> values)
    {
        Bind(values);
        try
        {
            var rows = new List<T>();
            while (Step())
            {
                rows.Add(read(new Row(_statement)));
            }

            return rows;
        }
        finally
        {
            raw.sqlite3_reset(_statement);
        }
    }

    public void Dispose() => _statement.Dispose();

    private bool Step()
    {
        var result = raw.sqlite3_step(_statement);
        if (result is raw.SQLITE_ROW or raw.SQLITE_DONE)
        {
            return result == raw.SQLITE_ROW;
        }

        SqliteException.ThrowExceptionForRC(result, _database);
        return false;
    }

    private void Bind(ReadOnlySpan<Value> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            SqliteException.ThrowExceptionForRC(values[i].Bind(_statement, i + 1), _database);
        }
    }
}

/// <summary>What a parameter is set to: a number, a text (also as UTF-8), a BLOB or null.</summary>
internal readonly struct Value
{
    private readonly long _number;
    private readonly object? _content;

    private Value(long number, object? content)
    {
        _number = number;
        _content = content;
    }

    private static object IsNumber { get; } = new();

    public static implicit operator Value(long number) => new(number, IsNumber);

    public static implicit operator Value(long? number) => number is { } n ? n : default(Value);

    public static implicit operator Value(string? text) => new(0, text);

    public static implicit operator Value(byte[]? utf8) => new(0, utf8);

    public static Value Blob(ReadOnlyMemory<byte> bytes) => new(0, bytes);

    public int Bind(sqlite3_stmt statement, int index) => _content switch
    {
        null => raw.sqlite3_bind_null(statement, index),
        string { Length: 0 } or byte[] { Length: 0 } => raw.sqlite3_bind_text(statement, index, ""),
        string text => BindText(statement, index, text),
        byte[] utf8 => raw.sqlite3_bind_text(statement, index, utf8.AsSpan()),
        ReadOnlyMemory<byte> bytes => raw.sqlite3_bind_blob(statement, index, bytes.Span),
        _ => raw.sqlite3_bind_int64(statement, index, _number),
    };

    private static int BindText(sqlite3_stmt statement, int index, string text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        byte[]? rented = null;
        var buffer = most <= 1024 ? stackalloc byte[1024] : rented = ArrayPool<byte>.Shared.Rent(most);
        var result = raw.sqlite3_bind_text(statement, index, buffer[..Encoding.UTF8.GetBytes(text, buffer)]);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return result;
    }
}

/// <summary>The row a statement stands on; good until the next one.</summary>
internal readonly struct Row(sqlite3_stmt statement)
{
    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public long GetInt64(int column) => raw.sqlite3_column_int64(statement, column);

    public int GetInt32(int column) => (int)raw.sqlite3_column_int64(statement, column);

    /// <summary>The text, also of a <see cref="Payload"/>.</summary>
    public string GetString(int column) => IsBlob(column)
        ? Encoding.UTF8.GetString(Payload.Unpack(raw.sqlite3_column_blob(statement, column)))
        : raw.sqlite3_column_text(statement, column).utf8_to_string();

    /// <summary>The text as UTF-8, also of a <see cref="Payload"/>.</summary>
    public byte[] GetUtf8(int column) => IsBlob(column)
        ? Payload.Unpack(raw.sqlite3_column_blob(statement, column))
        : raw.sqlite3_column_blob(statement, column).ToArray();

    public string? Text(int column) => IsNull(column) ? null : GetString(column);

    public long? Number(int column) => IsNull(column) ? null : GetInt64(column);

    private bool IsBlob(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_BLOB;
}
